<?php

declare(strict_types=1);

use Kassa\Native;
use Kassa\Version;
use PHPUnit\Framework\TestCase;

/** How the native library is found and loaded, and what is said where it cannot be. */
final class LoadTest extends TestCase
{
    private const OPEN = <<<'PHP'
        $config = ['environment' => 'demo', 'credentials' => ['user_name' => 'u', 'password' => 'p']];
        try {
            $till = new Kassa\Modulkassa($config + ['journal' => 'memory:']);
            echo $till->capabilities()['vendor'];
        } catch (Kassa\KassaError $error) {
            echo json_encode($error->toArray(), JSON_UNESCAPED_SLASHES);
        }
        PHP;

    private string $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/kassa-php-' . getmypid() . '-' . $this->getName();
        mkdir($this->folder);
    }

    protected function tearDown(): void
    {
        exec('rm -r ' . escapeshellarg($this->folder));
    }

    private static function library(): string
    {
        return getenv('KASSA_LIBRARY') ?: dirname(__DIR__, 2) . '/target/debug/libkassa.so';
    }

    /** What another PHP says, which has these settings. */
    private static function php(array $settings, ?string $library, ?string $autoload = null): string
    {
        $autoload ??= dirname(__DIR__) . '/autoload.php';
        $command = [PHP_BINARY, ...$settings, '-r', 'require $argv[1];' . self::OPEN, $autoload];
        $environment = ['KASSA_LIBRARY' => (string) $library] + getenv();
        $process = proc_open($command, [1 => ['pipe', 'w']], $pipes, null, $environment);
        $said = stream_get_contents($pipes[1]);
        proc_close($process);
        return $said;
    }

    /** All errors stand in one file, and a program may name any of them first. */
    public function testAnErrorLoadsByItsName(): void
    {
        foreach (['InDoubtError' => 'true', 'KassaError' => 'true', 'NoSuchError' => 'false'] as $class => $there) {
            $program = 'require $argv[1]; echo json_encode(class_exists("Kassa\\\\" . $argv[2]));';
            $process = proc_open(
                [PHP_BINARY, '-r', $program, dirname(__DIR__) . '/autoload.php', $class],
                [1 => ['pipe', 'w']],
                $pipes,
            );
            self::assertSame($there, stream_get_contents($pipes[1]), $class);
            self::assertSame(0, proc_close($process));
        }
    }

    public function testTheHeaderOfTheCAbiLoadsAsItIs(): void
    {
        $header = file_get_contents(dirname(__DIR__) . '/src/kassa.h');
        // C++ has blocks of its own in it, which PHP's FFI does not know.
        $shipped = file_get_contents(dirname(__DIR__, 2) . '/include/kassa.h');
        $plain = preg_replace('/^#ifdef __cplusplus\n.*?^#endif.*?\n\n/ms', '', $shipped);
        self::assertSame($header, $plain);
        $ffi = FFI::cdef($header, self::library());
        self::assertSame(1, $ffi->kassa_abi_version());
        self::assertSame(Version::VERSION, $ffi->kassa_version());
    }

    public function testALibraryThatIsNotThereIsNamed(): void
    {
        $said = json_decode(self::php([], '/no/such/libkassa.so'), true);
        self::assertSame(['config', 'config_invalid', 'not_registered'], [$said['kind'], $said['code'], $said['outcome']]);
        self::assertStringContainsString('/no/such/libkassa.so', $said['message']);
    }

    public function testTheLibraryInThePackageIsFoundWithoutTheEnvironment(): void
    {
        $package = "$this->folder/package";
        exec('cp -r ' . escapeshellarg(dirname(__DIR__)) . ' ' . escapeshellarg($package));
        $said = json_decode(self::php([], null, "$package/autoload.php"), true);
        self::assertSame(1, preg_match('~(\S+/package/lib/\S+/libkassa\.so): no such file~', $said['message'], $found));
        mkdir(dirname($found[1]), recursive: true);
        copy(self::library(), $found[1]);
        self::assertSame('modulkassa', self::php([], null, "$package/autoload.php"));
    }

    public function testALibraryThatIsCutShortIsAnErrorAndNotTheEndOfTheProcess(): void
    {
        $library = $this->compiled($this->fake(1, Version::VERSION));
        file_put_contents("$this->folder/short.so", substr(file_get_contents($library), 0, 8192));
        $said = json_decode(self::php([], "$this->folder/short.so"), true);
        self::assertSame(['config_invalid', 'not_registered'], [$said['code'], $said['outcome']]);
        self::assertStringContainsString("$this->folder/short.so: the file is cut short", $said['message']);
        self::assertStringNotContainsString("\n", $said['message']);
    }

    public function testAnotherLibraryIsRefused(): void
    {
        $said = json_decode(self::php([], $this->compiled('int other(void) { return 1; }')), true);
        self::assertSame('config', $said['kind']);
        self::assertStringContainsString("$this->folder/libfake.so: it is not this package's libkassa", $said['message']);
    }

    public function testAnotherVersionIsRefusedAndBothAreNamed(): void
    {
        $library = $this->compiled($this->fake(1, '9.9.9'));
        $said = json_decode(self::php([], $library), true);
        self::assertStringContainsString('9.9.9', $said['message']);
        self::assertStringContainsString(Version::VERSION, $said['message']);
    }

    public function testAnotherAbiIsRefused(): void
    {
        $said = json_decode(self::php([], $this->compiled($this->fake(7, Version::VERSION))), true);
        self::assertStringContainsString('ABI 7', $said['message']);
    }

    public function testWhereFfiIsForbiddenTheLinesForPhpIniAreNamed(): void
    {
        foreach ([self::library(), null] as $library) {
            $said = json_decode(self::php(['-d', 'ffi.enable=0'], $library), true);
            self::assertSame('config', $said['kind']);
            self::assertStringContainsString('ffi.enable=1', $said['message']);
            self::assertStringContainsString('opcache.preload=' . dirname(__DIR__) . '/preload.php', $said['message']);
        }
    }

    /** Without php.ini Debian's PHP has no extension that is a file of its own. */
    public function testWhereThereIsNoFfiTheExtensionIsNamed(): void
    {
        $said = json_decode(self::php(['-n'], self::library()), true);
        self::assertSame(['config_invalid', 'not_registered'], [$said['code'], $said['outcome']]);
        self::assertStringContainsString('extension=ffi', $said['message']);
        self::assertStringNotContainsString("\n", $said['message']);
    }

    public function testWhatDisableFunctionsTakesAwayIsNamed(): void
    {
        $said = json_decode(self::php(['-d', 'disable_functions=getmypid,php_uname'], self::library()), true);
        self::assertSame(['config_invalid', 'not_registered'], [$said['code'], $said['outcome']]);
        self::assertStringContainsString('disable_functions', $said['message']);
        self::assertStringContainsString('getmypid, php_uname', $said['message']);
    }

    public function testAWebServerIsRefusedWithoutPreloading(): void
    {
        $said = json_decode($this->served(['-d', 'ffi.enable=preload']), true);
        self::assertStringContainsString('opcache.preload', $said['message']);
    }

    public function testAWebServerWorksWithPreloading(): void
    {
        self::assertSame('modulkassa', $this->served($this->preloading()));
    }

    public function testAWebServerWorksWithAPreloadedHeader(): void
    {
        // A copy that no search finds, so that it must be the header which brings it.
        copy(self::library(), "$this->folder/libkassa.so");
        $header = str_replace(realpath(self::library()), "$this->folder/libkassa.so", Native::preloadHeader());
        file_put_contents("$this->folder/kassa.h", $header);
        file_put_contents("$this->folder/maps.php", '<?php readfile("/proc/self/maps");');
        $settings = [...$this->preloading(), '-d', "ffi.preload=$this->folder/kassa.h"];
        self::assertSame('modulkassa', $this->served($settings, '', $maps));
        self::assertStringContainsString("$this->folder/libkassa.so", $maps);
        self::assertStringNotContainsString('target/', $maps);
    }

    private function preloading(): array
    {
        $preload = dirname(__DIR__) . '/preload.php';
        // Required where the tests run as root.
        $user = posix_getpwuid(posix_geteuid())['name'];
        return ['-d', 'ffi.enable=preload', '-d', 'opcache.enable=1', '-d', 'opcache.enable_cli=1',
            '-d', "opcache.preload=$preload", '-d', "opcache.preload_user=$user"];
    }

    /** What a request to PHP's own web server answers; it obeys `ffi.enable` as FPM does. */
    private function served(array $settings, ?string $library = null, ?string &$maps = null): string
    {
        $autoload = var_export(dirname(__DIR__) . '/autoload.php', true);
        file_put_contents("$this->folder/index.php", "<?php require_once $autoload;" . self::OPEN);
        $free = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($free, false);
        fclose($free);
        $command = [PHP_BINARY, ...$settings, '-S', $address, '-t', $this->folder];
        $environment = ['KASSA_LIBRARY' => $library ?? self::library()] + getenv();
        $server = proc_open($command, [2 => ['pipe', 'w']], $pipes, null, $environment);
        try {
            $said = '';
            while (($line = fgets($pipes[2])) !== false && !str_contains($said .= $line, 'started')) {
            }
            self::assertStringContainsString('started', $said);
            $answer = (string) file_get_contents("http://$address/");
            if (is_file("$this->folder/maps.php")) {
                $maps = (string) file_get_contents("http://$address/maps.php");
            }
            return $answer;
        } finally {
            proc_terminate($server);
            proc_close($server);
        }
    }

    /** A library of the right symbols with another version. */
    private function fake(int $abi, string $version): string
    {
        return "#include <stddef.h>\n#include <stdint.h>\n"
            . 'char *kassa_open(const char *c) { (void) c; return NULL; }'
            . 'char *kassa_call(int64_t c, const char *o, const char *r) { (void) c; (void) o; (void) r; return NULL; }'
            . 'void kassa_close(int64_t c) { (void) c; } void kassa_string_free(char *s) { (void) s; }'
            . 'char *kassa_describe(void) { return NULL; }'
            . "const char *kassa_version(void) { return \"$version\"; }"
            . "uint32_t kassa_abi_version(void) { return $abi; }";
    }

    private function compiled(string $source): string
    {
        file_put_contents("$this->folder/fake.c", $source);
        $library = "$this->folder/libfake.so";
        exec('cc -shared -fPIC -o ' . escapeshellarg($library) . ' ' . escapeshellarg("$this->folder/fake.c"), $out, $status);
        self::assertSame(0, $status);
        return $library;
    }
}
