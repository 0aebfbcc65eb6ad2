<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Emulated.php';

/** The first sale, as a new user runs it, on the emulator. */
final class ExampleTest extends TestCase
{
    use Emulated;

    /** @return array{int, string, string} The exit code, and what it said. */
    private function sale(array $config = []): array
    {
        $config += $this->said['vendors']['modulkassa']['config'] + ['journal' => "sqlite:$this->folder/journal.sqlite"];
        file_put_contents("$this->folder/kassa.json", json_encode($config));
        $command = [PHP_BINARY, dirname(__DIR__, 2) . '/examples/sale.php'];
        $process = proc_open($command, [1 => ['pipe', 'w'], 2 => ['pipe', 'w']], $pipes, $this->folder);
        [$out, $error] = [stream_get_contents($pipes[1]), stream_get_contents($pipes[2])];
        return [proc_close($process), $out, $error];
    }

    public function testASaleIsShown(): void
    {
        [$code, $out, $error] = $this->sale();
        self::assertSame([0, ''], [$code, $error]);
        self::assertMatchesRegularExpression('/^on record as document \d+\n$/', $out);
        self::assertSame([0, $out, ''], $this->sale());
    }

    public function testAFailureIsShownWithWhatToDo(): void
    {
        $this->control('faults', ['vendor' => 'modulkassa', 'route' => 'submit', 'do' => 'fail', 'failure_message' => 'the storage is full']);
        [$code, $out, $error] = $this->sale();
        self::assertSame([1, ''], [$code, $out]);
        self::assertMatchesRegularExpression('/^failed: .*the storage is full.*\. [A-Z].*\.\n$/', $error);
    }

    public function testAnErrorIsShownWithTheOutcomeAndWhatToDo(): void
    {
        [$code, $out, $error] = $this->sale(['base_url' => 'http://127.0.0.1:1']);
        self::assertSame([1, ''], [$code, $out]);
        self::assertMatchesRegularExpression('/ \[unreachable, outcome not_registered\] [A-Z].*\.\n$/', $error);
    }
}
