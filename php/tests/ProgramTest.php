<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

/** `vendor/bin/kassa` is the program of the package. */
final class ProgramTest extends TestCase
{
    private const PROGRAM = <<<'C'
        #include <stdio.h>
        int main(int count, char **arguments) {
            char line[80] = "";
            for (int i = 1; i < count; i++) printf("[%s]", arguments[i]);
            printf("%s", fgets(line, sizeof line, stdin));
            fprintf(stderr, "said");
            return 7;
        }
        C;

    private string $folder;

    /** A package of its own, as Composer lays it. */
    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/kassa-program-' . getmypid() . '-' . $this->getName(false);
        mkdir("$this->folder/kassa", recursive: true);
        $package = dirname(__DIR__);
        exec("cp -r $package/bin $package/src $package/autoload.php $package/composer.json " . escapeshellarg("$this->folder/kassa"), $out, $status);
        self::assertSame(0, $status);
    }

    protected function tearDown(): void
    {
        exec('rm -r ' . escapeshellarg($this->folder));
    }

    /** Where the package has its programs: it says so itself. */
    private function place(): string
    {
        [, , $said] = $this->ran('kassa');
        self::assertStringContainsString('no such file: take the package', $said);
        return explode(': ', $said, 2)[0];
    }

    private function placed(): string
    {
        $place = $this->place();
        mkdir(dirname($place), recursive: true);
        file_put_contents("$this->folder/kassa.c", self::PROGRAM);
        exec('cc -o ' . escapeshellarg($place) . ' ' . escapeshellarg("$this->folder/kassa.c"), $out, $status);
        self::assertSame(0, $status);
        return $place;
    }

    /** @return array{int, string, string} The exit code, and what it said. */
    private function ran(string $program, array $settings = [], string ...$arguments): array
    {
        $program = str_contains($program, '/') ? $program : "$this->folder/kassa/bin/$program";
        $command = [PHP_BINARY, ...$settings, $program, ...$arguments];
        $process = proc_open($command, [['pipe', 'r'], ['pipe', 'w'], ['pipe', 'w']], $pipes);
        fwrite($pipes[0], "input\n");
        fclose($pipes[0]);
        [$out, $error] = [stream_get_contents($pipes[1]), stream_get_contents($pipes[2])];
        return [proc_close($process), $out, $error];
    }

    public function testItLiesBesideTheLibraryAndItsAbsenceEndsWithOne(): void
    {
        [$code, $out, $said] = $this->ran('kassa', [], 'doctor');
        self::assertSame([1, ''], [$code, $out]);
        self::assertMatchesRegularExpression('~^\S+/kassa/lib/\S+/kassa: no such file: take the package .*\n$~', $said);
    }

    public static function settings(): array
    {
        return ['with pcntl' => [[]], 'without it' => [['-d', 'disable_functions=pcntl_exec']]];
    }

    /** @dataProvider settings */
    public function testArgumentsStreamsAndTheExitCodeArePassedOn(array $settings): void
    {
        $this->placed();
        self::assertSame([7, "[a b][--json]input\n", 'said'], $this->ran('kassa', $settings, 'a b', '--json'));
        self::assertSame([7, "[emulator][--port][1]input\n", 'said'], $this->ran('kassa-emulator', $settings, '--port', '1'));
    }

    public function testComposerPutsItIntoVendorBin(): void
    {
        $this->placed();
        $source = ['type' => 'path', 'url' => "$this->folder/kassa", 'options' => ['symlink' => false]];
        $project = ['require' => ['kassa/kassa' => '*'], 'repositories' => [$source, ['packagist.org' => false]]];
        mkdir("$this->folder/shop");
        file_put_contents("$this->folder/shop/composer.json", json_encode($project + ['minimum-stability' => 'dev']));
        $composer = ['composer', 'install', '--quiet', '--no-interaction', '--working-dir', "$this->folder/shop"];
        $environment = ['COMPOSER_ALLOW_SUPERUSER' => '1', 'COMPOSER_HOME' => "$this->folder/home"] + getenv();
        self::assertSame(0, proc_close(proc_open($composer, [], $pipes, null, $environment)));
        $bin = "$this->folder/shop/vendor/bin";
        self::assertSame([7, "[doctor]input\n", 'said'], $this->ran("$bin/kassa", [], 'doctor'));
        self::assertSame([7, "[emulator]input\n", 'said'], $this->ran("$bin/kassa-emulator"));
    }

    public function testWhatAnUnpackerTookAwayIsGivenBack(): void
    {
        chmod($this->placed(), 0644);
        self::assertSame(7, $this->ran('kassa')[0]);
    }

    public function testAProgramForAnotherMachineIsNamed(): void
    {
        $place = $this->placed();
        $elf = file_get_contents($place);
        file_put_contents($place, substr_replace($elf, "\xff\xff", 18, 2));
        [$code, , $said] = $this->ran('kassa');
        self::assertSame(1, $code);
        self::assertStringContainsString('it is for machine 65535', $said);
    }
}
