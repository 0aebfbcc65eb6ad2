<?php

declare(strict_types=1);

namespace Kassa;

use FFI;
use FFI\CData;

/**
 * The native library: the only class that touches FFI. Strings in, strings out.
 *
 * @internal
 */
final class Native
{
    private const ABI_VERSION = 1;

    /** What hosters like to forbid. */
    private const NEEDED = ['file_get_contents', 'getenv', 'getmypid', 'ini_get', 'is_file', 'php_uname', 'realpath'];

    private const BOTH = ': take both from one release, and restart PHP where it preloads';

    /** Kept until the request ends: making it parses the header. */
    private static ?FFI $ffi = null;

    /** Opens a client; gives back an envelope. */
    public static function open(#[\SensitiveParameter] string $config): string
    {
        return self::taken(self::ffi()->kassa_open(self::whole($config)));
    }

    /** Carries out an operation; gives back an envelope. */
    public static function call(int $client, string $operation, #[\SensitiveParameter] string $request): string
    {
        return self::taken(self::ffi()->kassa_call($client, self::whole($operation), self::whole($request)));
    }

    /** Closes a client; closing twice is harmless. */
    public static function close(int $client): void
    {
        self::ffi()->kassa_close($client);
    }

    /** Vendors, operations, schemas and error codes, as JSON. */
    public static function describe(): string
    {
        return self::taken(self::ffi()->kassa_describe());
    }

    /** The header for `ffi.preload`: with it a request need not parse one. */
    public static function preloadHeader(): string
    {
        foreach (self::candidates() as $library) {
            if (is_file($library)) {
                $defines = sprintf("#define FFI_SCOPE \"KASSA\"\n#define FFI_LIB \"%s\"\n", realpath($library));
                return $defines . self::header();
            }
        }
        throw self::unusable('the native library was not found; tried ' . implode(', ', self::candidates()));
    }

    private static function ffi(): FFI
    {
        if (self::$ffi === null && $missing = array_filter(self::NEEDED, fn ($name) => !function_exists($name))) {
            throw self::unusable('`disable_functions` in php.ini takes away ' . implode(', ', $missing));
        }
        return self::$ffi ??= self::checked(self::preloaded() ?? self::loaded());
    }

    /** What `ffi.preload` brought, if it brought ours. */
    private static function preloaded(): ?FFI
    {
        if (!class_exists(FFI::class, false) || !ini_get('ffi.preload') || self::chosen() !== null) {
            return null;
        }
        try {
            return FFI::scope('KASSA');
        } catch (FFI\Exception) {
            return null;
        }
    }

    private static function loaded(): FFI
    {
        if (!class_exists(FFI::class, false)) {
            throw self::unusable('PHP has no FFI: put `extension=ffi` into php.ini (Docker: `docker-php-ext-install ffi`)');
        }
        $failures = [];
        foreach (self::candidates() as $library) {
            $why = WhyNot::seen($library);
            try {
                if ($why === null) {
                    return FFI::cdef(self::header(), $library);
                }
            } catch (FFI\Exception $error) {
                self::isAllowed($error);
                $why = WhyNot::told($library, $error->getMessage());
            }
            $failures[] = "$library: $why";
        }
        throw self::unusable('the native library cannot be loaded: ' . implode("\n", $failures));
    }

    private static function checked(FFI $ffi): FFI
    {
        if ($ffi->kassa_abi_version() !== self::ABI_VERSION) {
            $abi = $ffi->kassa_abi_version();
            throw self::unusable("the native library has ABI $abi, this package needs " . self::ABI_VERSION . self::BOTH);
        }
        $version = $ffi->kassa_version();
        if ($version !== Version::VERSION) {
            throw self::unusable("the native library is version $version, this package is " . Version::VERSION . self::BOTH);
        }
        return $ffi;
    }

    /** @return list<string> */
    private static function candidates(): array
    {
        if (($chosen = self::chosen()) !== null) {
            return [$chosen];
        }
        $name = match (PHP_OS_FAMILY) {
            'Windows' => 'kassa.dll',
            'Darwin' => 'libkassa.dylib',
            default => 'libkassa.so',
        };
        return self::places($name);
    }

    /**
     * Where a file of this system may lie: in the package, and in a checkout where it was built.
     *
     * @return list<string>
     */
    public static function places(string $name): array
    {
        $checkout = dirname(__DIR__, 2);
        $package = sprintf('%s/lib/%s/%s', dirname(__DIR__), self::platform(), $name);
        $built = ["$checkout/target/release/$name", "$checkout/target/debug/$name"];
        return [$package, ...(is_file("$checkout/php/src/Native.php") ? $built : [])];
    }

    private static function chosen(): ?string
    {
        return getenv('KASSA_LIBRARY') ?: null;
    }

    /** Such as `linux-x86_64-gnu`. */
    private static function platform(): string
    {
        $machine = strtolower(php_uname('m'));
        $machine = ['amd64' => 'x86_64', 'arm64' => 'aarch64'][$machine] ?? $machine;
        $system = strtolower(PHP_OS_FAMILY);
        return $system === 'linux' ? "$system-$machine-" . self::libc() : "$system-$machine";
    }

    /** Asks the process itself: files of the other libc may lie around on any system. */
    private static function libc(): string
    {
        try {
            FFI::cdef('const char *gnu_get_libc_version(void);');
            return 'gnu';
        } catch (FFI\Exception $error) {
            self::isAllowed($error);
            return 'musl';
        }
    }

    private static function header(): string
    {
        $header = file_get_contents(__DIR__ . '/kassa.h');
        return $header === false ? throw self::unusable('the package is incomplete: src/kassa.h') : $header;
    }

    /** Copies a string of the library and gives it back. */
    private static function taken(CData $text): string
    {
        try {
            return FFI::string($text);
        } finally {
            self::ffi()->kassa_string_free($text);
        }
    }

    /** C would see the text cut at its first NUL byte. */
    private static function whole(#[\SensitiveParameter] string $text): string
    {
        if (str_contains($text, "\0")) {
            throw KassaError::here(ErrorCode::WRONG_FORMAT, 'the text has a NUL byte');
        }
        return $text;
    }

    /** Fails where the error says that PHP allows no FFI. */
    private static function isAllowed(FFI\Exception $error): void
    {
        $message = 'PHP does not allow FFI here: put `opcache.preload=%s/preload.php` and `opcache.preload_user=www-data`'
            . ' into php.ini, or else `ffi.enable=1`, and restart PHP';
        if (str_contains($error->getMessage(), 'ffi.enable')) {
            throw self::unusable(sprintf($message, dirname(__DIR__)), $error);
        }
    }

    private static function unusable(string $message, ?\Throwable $cause = null): KassaError
    {
        $advice = 'Nothing was sent; put this right and call again with the same id.';
        return KassaError::here(ErrorCode::CONFIG_INVALID, $message, previous: $cause, advice: $advice);
    }
}
