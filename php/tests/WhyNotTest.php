<?php

declare(strict_types=1);

use Kassa\WhyNot;
use PHPUnit\Framework\TestCase;

/** Whatever keeps a library from being loaded is said in one line, with what to do. */
final class WhyNotTest extends TestCase
{
    private const PROGRAM = <<<'PHP'
        [, $autoload, $library, $user] = $argv;
        require $autoload;
        class_exists(Kassa\WhyNot::class);
        if ($user !== '') {
            posix_setgid((int) $user);
            posix_setuid((int) $user);
        }
        echo Kassa\WhyNot::seen($library);
        PHP;

    private string $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/kassa-why-' . getmypid() . '-' . $this->getName(false);
        mkdir($this->folder);
    }

    protected function tearDown(): void
    {
        exec('rm -r ' . escapeshellarg($this->folder));
    }

    private function made(string $content): string
    {
        file_put_contents("$this->folder/libmade.so", $content);
        clearstatcache();
        return "$this->folder/libmade.so";
    }

    /** A library that the compiler made. */
    private function compiled(string $name = 'one', string $source = 'int one(void) { return 1; }', string ...$options): string
    {
        $library = "$this->folder/lib$name.so";
        file_put_contents("$this->folder/$name.c", $source);
        $command = ['cc', '-shared', '-fPIC', '-o', $library, "$this->folder/$name.c", ...$options];
        exec(implode(' ', array_map('escapeshellarg', $command)), $out, $status);
        self::assertSame(0, $status);
        return $library;
    }

    /** What another PHP sees, with these settings and as this user. */
    private function elsewhere(string $library, array $settings = [], string $user = ''): string
    {
        $command = [PHP_BINARY, ...$settings, '-r', self::PROGRAM, dirname(__DIR__) . '/autoload.php', $library, $user];
        $process = proc_open($command, [1 => ['pipe', 'w']], $pipes);
        $said = stream_get_contents($pipes[1]);
        self::assertSame(0, proc_close($process));
        return $said;
    }

    /** All of the words, in one line. */
    private static function assertSaid(?string $said, string ...$words): void
    {
        foreach ($words as $word) {
            self::assertStringContainsString($word, (string) $said);
        }
        self::assertStringNotContainsString("\n", (string) $said);
    }

    public function testAWholeLibraryIsSeenToBeWhole(): void
    {
        self::assertNull(WhyNot::seen($this->compiled()));
    }

    public function testAnEmptyFile(): void
    {
        self::assertSaid(WhyNot::seen($this->made('')), 'empty', 'install the package again');
    }

    public static function noLibraries(): array
    {
        return ['Windows' => ['MZ......'], 'macOS' => ["\xcf\xfa\xed\xfe"], 'a pointer of Git LFS' => ["version https://git-lfs.github.com"]];
    }

    /** @dataProvider noLibraries */
    public function testWhatIsNoElfFile(string $content): void
    {
        self::assertSaid(WhyNot::seen($this->made($content)), 'no ELF header', 'install the package again');
    }

    public function testALibraryThatIsCutShortIsNamedBeforeItEndsTheProcess(): void
    {
        $whole = file_get_contents($this->compiled());
        foreach ([20, 64, 4096, strlen($whole) - 1] as $bytes) {
            $said = WhyNot::seen($this->made(substr($whole, 0, $bytes)));
            self::assertSaid($said, "cut short, it has $bytes of ", 'install the package again');
        }
    }

    public function testAnotherMachine(): void
    {
        $library = file_get_contents($this->compiled());
        $own = unpack('v', $library, 18)[1];
        $other = $own === 183 ? [62, 'x86_64'] : [183, 'aarch64'];
        $said = WhyNot::seen($this->made(substr_replace($library, pack('v', $other[0]), 18, 2)));
        self::assertSaid($said, "it is for $other[1] with 64 bits, this PHP for ", 'take the package for this machine');
        $said = WhyNot::seen($this->made(substr_replace($library, "\1", 4, 1)));
        self::assertSaid($said, 'with 32 bits, this PHP for ', 'take the package for this machine');
        self::assertSaid(WhyNot::seen($this->made(substr_replace($library, "\xff\xff", 18, 2))), 'it is for machine 65535');
    }

    public function testAFileThatIsNotThere(): void
    {
        mkdir("$this->folder/lib/linux-s390x-gnu", recursive: true);
        touch("$this->folder/lib/linux-s390x-gnu/libkassa.so");
        $said = WhyNot::seen("$this->folder/lib/linux-x86_64-gnu/libkassa.so");
        self::assertSaid($said, 'no such file', 'linux-s390x-gnu only', 'take the one for this system');
        self::assertSaid(WhyNot::seen("$this->folder/lib/linux-x86_64-gnu/kassa"), 'no such file', 'take the package');
        putenv("KASSA_LIBRARY=$this->folder/other.so");
        try {
            self::assertSaid(WhyNot::seen("$this->folder/other.so"), 'no such file', 'KASSA_LIBRARY');
        } finally {
            putenv('KASSA_LIBRARY' . (($before = $_SERVER['KASSA_LIBRARY'] ?? '') === '' ? '' : "=$before"));
        }
    }

    public function testAFileThatThisUserMayNotRead(): void
    {
        $library = $this->compiled();
        // Root may read everything.
        $user = posix_geteuid() === 0 ? '65534' : '';
        chmod($library, 0);
        self::assertSaid($this->elsewhere($library, [], $user), 'may not read it', '`chmod a+r`');
        chmod($this->folder, 0);
        self::assertSaid($this->elsewhere($library, [], $user), "may not enter `$this->folder`", '`chmod a+rx`');
        chmod($this->folder, 0700);
    }

    public function testWhatOpenBasedirHides(): void
    {
        $library = $this->compiled();
        $said = $this->elsewhere($library, ['-d', 'open_basedir=' . dirname(__DIR__)]);
        self::assertSaid($said, '`open_basedir` in php.ini', "add `$this->folder`");
        self::assertSame('', $this->elsewhere($library, ['-d', 'open_basedir=' . dirname(__DIR__) . ":$this->folder"]));
    }

    public function testAGlibcThatIsTooOldIsNamedWithTheOneThatIsNeeded(): void
    {
        file_put_contents("$this->folder/map", 'GLIBC_9.98 { global: old; }; GLIBC_9.99 { global: new; };');
        $libc = ['-nostdlib', "-Wl,--version-script=$this->folder/map", '-Wl,-soname,libc.so.6'];
        $stub = $this->compiled('c', 'int old(void) { return 1; } int new(void) { return 1; }', ...$libc);
        $library = $this->compiled('two', 'int old(void); int new(void); int two(void) { return old() + new(); }', '-nostdlib', $stub);
        self::assertNull(WhyNot::seen($library));
        $here = FFI::cdef('const char *gnu_get_libc_version(void);')->gnu_get_libc_version();
        $said = WhyNot::told($library, 'Failed loading');
        self::assertSaid($said, "it needs glibc 9.99, here is $here", 'use a newer system, or a library built for an older one');
    }

    public function testALibraryForMusl(): void
    {
        $stub = $this->compiled('c', 'int other(void) { return 1; }', '-nostdlib', '-Wl,-soname,libc.musl-x86_64.so.1');
        $library = $this->compiled('two', 'int other(void); int two(void) { return other(); }', '-nostdlib', $stub);
        self::assertSaid(WhyNot::told($library, 'Failed loading'), 'it is for musl (Alpine), this PHP is on glibc', '`lib/...-gnu`');
    }

    public function testALibraryWhoseOwnLibrariesAreMissing(): void
    {
        $stub = $this->compiled('other', 'int other(void) { return 1; }', '-Wl,-soname,libother.so.7');
        $library = $this->compiled('two', 'int other(void); int two(void) { return other(); }', $stub);
        self::assertSaid(WhyNot::told($library, 'Failed loading'), 'libother.so.7', 'install the package again, with what it needs');
    }

    public function testAnotherLibrary(): void
    {
        $said = WhyNot::told($this->compiled(), "Failed resolving C function 'kassa_open'");
        self::assertSaid($said, "not this package's libkassa", 'install the package again');
    }

    public static function loaders(): array
    {
        return [
            'noexec' => ['libkassa.so: failed to map segment from shared object', 'noexec', 'restorecon -Rv /srv/lib'],
            'SELinux' => ['cannot enable executable stack as shared object requires: Permission denied', 'SELinux', 'restorecon'],
            'AppArmor' => ['cannot open shared object file: Permission denied', 'forbids to open it', 'AppArmor'],
            'musl, a library' => ['Error loading shared library ld-linux-x86-64.so.2: No such file', 'it is for glibc', '-musl'],
            'musl, a symbol' => ['Error relocating libkassa.so: __memcpy_chk: symbol not found', 'it is for glibc', '-musl'],
            'anything else' => ['cannot allocate memory in static TLS block', 'static TLS', 'install the package again'],
        ];
    }

    /** @dataProvider loaders */
    public function testWhatLoadersSayOnOtherSystems(string $loader, string ...$words): void
    {
        self::assertSaid(WhyNot::meaning('/srv/lib/libkassa.so', $loader), $loader, ...$words);
    }
}
