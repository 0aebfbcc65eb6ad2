<?php

declare(strict_types=1);

namespace Kassa;

use FFI;

/**
 * Why a native library, or a program, cannot be loaded, and what to do about it: a line each.
 *
 * @internal
 */
final class WhyNot
{
    private const AGAIN = ': install the package again';

    /** Machines in the header of an ELF file. */
    private const MACHINES = [3 => 'i386', 40 => 'arm', 62 => 'x86_64', 183 => 'aarch64', 243 => 'riscv64'];

    /** What the loader of the system says, what it means, what to do; 1: glibc needed, 2: glibc here, 3: its folder. */
    private const TOLD = [
        '/GLIBC_[\d.]+. not found/' =>
            'it needs glibc %1$s, here is %2$s: use a newer system, or a library built for an older one',
        '/libc\.musl-|\blibc\.so:/' => 'it is for musl (Alpine), this PHP is on glibc: take the library in `lib/...-gnu`',
        '/ld-linux|libc\.so\.6|__\w+_chk|gnu_get_libc/' =>
            'it is for glibc, this PHP is on musl: take the library in `lib/...-musl`',
        '/map segment|not permitted|memory protection|executable stack/' =>
            'the system forbids to execute it: `%3$s` is mounted noexec, or SELinux refuses (`restorecon -Rv %3$s`)',
        '/ermission denied/' => 'the system forbids to open it: see the log of SELinux or AppArmor',
        '/Failed resolving/' => 'it is not this package\'s libkassa' . self::AGAIN,
    ];

    /** What can be seen without loading it: a file that is cut short would end the process with SIGBUS. */
    public static function seen(string $library): ?string
    {
        $refused = '';
        set_error_handler(static function (int $level, string $said) use (&$refused): bool {
            $refused .= $said;
            return true;
        });
        try {
            $there = is_file($library);
            if (str_contains($refused, 'open_basedir')) {
                return '`open_basedir` in php.ini keeps PHP from it: add `' . dirname($library) . '` there';
            }
            return $there ? self::damage($library) : self::absence($library);
        } finally {
            restore_error_handler();
        }
    }

    /** What the loader says of it; PHP's own error hides that. */
    public static function told(string $library, string $said): string
    {
        try {
            $loader = FFI::cdef('void *dlopen(const char *file, int how); char *dlerror(void);');
            $said = $loader->dlopen($library, 2) === null ? FFI::string($loader->dlerror()) : $said;
        } catch (FFI\Exception) {
            // Windows has other names for them.
        }
        return self::meaning($library, $said);
    }

    /** A line for what the loader said. */
    public static function meaning(string $library, string $said): string
    {
        foreach (self::TOLD as $pattern => $meaning) {
            if (preg_match($pattern, $said)) {
                return sprintf($meaning, self::needed($library, $said), self::glibc(), dirname($library)) . " ($said)";
            }
        }
        return $said . self::AGAIN . ', with what it needs';
    }

    private static function absence(string $library): string
    {
        for ($folder = dirname($library); !is_dir($folder) && $folder !== dirname($folder);) {
            $folder = dirname($folder);
        }
        if (!is_executable($folder)) {
            return "the user of this process may not enter `$folder`: `chmod a+rx` it";
        }
        if (getenv('KASSA_LIBRARY') === $library) {
            return 'no such file: correct or remove the environment variable KASSA_LIBRARY';
        }
        $others = glob(dirname($library, 2) . '/*/' . basename($library)) ?: [];
        $systems = implode(', ', array_map(static fn (string $file) => basename(dirname($file)), $others));
        return $systems === ''
            ? 'no such file: take the package that carries it for this system'
            : "no such file; the package has $systems only: take the one for this system";
    }

    private static function damage(string $library): ?string
    {
        if (!is_readable($library)) {
            return 'the user of this process may not read it: `chmod a+r` it';
        }
        $size = filesize($library);
        $head = (string) file_get_contents($library, length: 64);
        if ($size === 0) {
            return 'the file is empty' . self::AGAIN;
        }
        if (PHP_OS_FAMILY !== 'Linux') {
            return null;
        }
        if (!str_starts_with($head, "\x7fELF")) {
            return 'it is not a file for Linux (no ELF header)' . self::AGAIN;
        }
        $elf = unpack('x4/Cclass/x13/vmachine/x20/Vat/x14/vsize/vcount', str_pad($head, 64, "\0"));
        $php = (string) file_get_contents('/proc/self/exe', length: 20);
        $own = unpack('x4/Cclass/x13/vmachine', str_pad($php, 20, "\0"));
        if ($own['machine'] !== 0 && array_intersect_key($elf, $own) !== $own) {
            [$for, $here] = [self::machine($elf), self::machine($own)];
            return "it is for $for, this PHP for $here: take the package for this machine";
        }
        $whole = max(64, $elf['at'] + $elf['size'] * $elf['count']);
        return $size < $whole ? "the file is cut short, it has $size of $whole bytes" . self::AGAIN : null;
    }

    /** @param array{class: int, machine: int} $elf */
    private static function machine(array $elf): string
    {
        $bits = $elf['class'] === 1 ? 32 : 64;
        return (self::MACHINES[$elf['machine']] ?? "machine {$elf['machine']}") . " with $bits bits";
    }

    /** The newest glibc that it names; the loader names the first that is missing. */
    private static function needed(string $library, string $said): string
    {
        preg_match_all('/GLIBC_(\d[\d.]*)/', $said . @file_get_contents($library, length: 1 << 20), $found);
        usort($found[1], version_compare(...));
        return end($found[1]) ?: 'of another version';
    }

    private static function glibc(): string
    {
        try {
            return FFI::cdef('const char *gnu_get_libc_version(void);')->gnu_get_libc_version();
        } catch (FFI\Exception) {
            return 'musl';
        }
    }
}
