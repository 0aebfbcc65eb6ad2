<?php

declare(strict_types=1);

use Kassa\ClosedError;
use Kassa\ForkedError;
use Kassa\KassaError;
use Kassa\Modulkassa;
use PHPUnit\Framework\TestCase;

/** A client that was opened before a fork and is used after it, in both processes. */
final class ForkTest extends TestCase
{
    private string $folder;

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/kassa-php-' . getmypid() . '-' . $this->getName(false);
        mkdir($this->folder);
    }

    protected function tearDown(): void
    {
        $tree = new RecursiveDirectoryIterator($this->folder, FilesystemIterator::SKIP_DOTS);
        foreach (new RecursiveIteratorIterator($tree, RecursiveIteratorIterator::CHILD_FIRST) as $file) {
            $file->isDir() ? rmdir((string) $file) : unlink((string) $file);
        }
        rmdir($this->folder);
    }

    private function open(string $journal): Modulkassa
    {
        return new Modulkassa([
            'environment' => 'demo',
            'credentials' => ['user_name' => 'u', 'password' => 'p'],
            'journal' => $journal,
        ]);
    }

    private static function receipt(string $id): array
    {
        return [
            'id' => $id,
            'kind' => 'sell',
            'items' => [['name' => 'Mug', 'price' => '10.00', 'quantity' => '1', 'vat' => '22']],
            'payments' => [['type' => 'cash', 'sum' => '10.00']],
            'customer' => ['email' => 'buyer@shop.example'],
        ];
    }

    /** Does its work in a child; gives back what the child returned. */
    private static function inChild(callable $work): mixed
    {
        [$ours, $theirs] = stream_socket_pair(STREAM_PF_UNIX, STREAM_SOCK_STREAM, 0);
        $child = pcntl_fork();
        if ($child === 0) {
            pcntl_alarm(20);
            try {
                $said = $work();
            } catch (Throwable $error) {
                $said = $error::class . ': ' . $error->getMessage();
            }
            fwrite($theirs, serialize($said));
            fclose($theirs);
            // An ordinary end would run PHPUnit's own a second time.
            posix_kill(posix_getpid(), SIGKILL);
        }
        fclose($theirs);
        $said = stream_get_contents($ours);
        pcntl_waitpid($child, $status);
        return unserialize($said);
    }

    /** A journal that other processes can share, of each engine. */
    private function shared(string $engine): string
    {
        if ($engine === 'sqlite') {
            return "sqlite:$this->folder/journal.sqlite";
        }
        $server = getenv('KASSA_TEST_POSTGRES');
        self::assertNotFalse($server, 'no PostgreSQL: run as `tests/with-postgres.sh phpunit ...`');
        $schema = 'php_' . getmypid() . '_' . hrtime(true);
        $command = ['psql', $server, '--no-psqlrc', '--quiet', '--command', "CREATE SCHEMA $schema"];
        exec(implode(' ', array_map('escapeshellarg', $command)), $lines, $status);
        self::assertSame(0, $status);
        return "$server?options=-c%20search_path%3D$schema";
    }

    public static function engines(): array
    {
        return [['sqlite'], ['postgres']];
    }

    /** @dataProvider engines */
    public function testADurableClientGoesOnInTheChildAndInTheParent(string $engine): void
    {
        $till = $this->open($this->shared($engine));
        $till->enqueue(['receipts' => [self::receipt('before')]]);
        $child = static function () use ($till): array {
            $till->enqueue(['receipts' => [self::receipt('child')]]);
            $state = $till->status(['id' => 'before'])['state'];
            $till->close();
            return [$state, get_debug_type(self::caught(fn () => $till->capabilities()))];
        };
        self::assertSame(['queued', ClosedError::class], self::inChild($child));
        $till->enqueue(['receipts' => [self::receipt('parent')]]);
        $ids = array_column(array_column($till->journal()['entries'], 'registration'), 'receipt_id');
        self::assertSame(['before', 'child', 'parent'], $ids);
    }

    public function testMemoryIsNotSharedSoTheChildIsTold(): void
    {
        $till = $this->open('memory:');
        $till->enqueue(['receipts' => [self::receipt('before')]]);
        $child = static function () use ($till): array {
            $started = hrtime(true);
            $error = self::caught(fn () => $till->status(['id' => 'before']));
            $quick = hrtime(true) - $started < 2_000_000_000;
            return [get_debug_type($error), $error->outcome, $quick];
        };
        self::assertSame([ForkedError::class, 'not_registered', true], self::inChild($child));
        self::assertSame('queued', $till->status(['id' => 'before'])['state']);
    }

    public function testTheChildsEndLeavesTheParentsClientOpen(): void
    {
        $till = $this->open('memory:');
        $child = static function () use ($till): string {
            $till->close();
            return get_debug_type(self::caught(fn () => $till->capabilities()));
        };
        self::assertSame(ClosedError::class, self::inChild($child));
        self::assertSame('modulkassa', $till->capabilities()['vendor']);
    }

    public function testAClosedClientStaysClosedInTheChild(): void
    {
        $till = $this->open("sqlite:$this->folder/journal.sqlite");
        $till->close();
        $child = static fn (): string => get_debug_type(self::caught(fn () => $till->capabilities()));
        self::assertSame(ClosedError::class, self::inChild($child));
    }

    public function testAnOrdinaryEndOfTheChildLeavesTheParentsClientOpen(): void
    {
        $script = <<<'PHP'
            require $argv[1];
            $config = ['environment' => 'demo', 'credentials' => ['user_name' => 'u', 'password' => 'p']];
            $till = new Kassa\Modulkassa($config + ['journal' => 'memory:']);
            if (pcntl_fork() === 0) {
                exit(0);
            }
            pcntl_wait($status);
            echo $status, ' ', $till->capabilities()['vendor'];
            PHP;
        exec(implode(' ', array_map('escapeshellarg', [PHP_BINARY, '-r', $script, dirname(__DIR__) . '/autoload.php'])), $out);
        self::assertSame(['0 modulkassa'], $out);
    }

    public function testGrandchildrenAndManyChildren(): void
    {
        $till = $this->open("sqlite:$this->folder/journal.sqlite");
        $till->enqueue(['receipts' => [self::receipt('before')]]);
        $state = static fn (): string => $till->status(['id' => 'before'])['state'];
        $grandchild = static fn (): array => [$state(), self::inChild($state), $state()];
        for ($i = 0; $i < 5; $i++) {
            self::assertSame(['queued', 'queued', 'queued'], self::inChild($grandchild));
            self::assertSame('queued', $state());
        }
    }

    private static function caught(callable $call): ?KassaError
    {
        try {
            $call();
            return null;
        } catch (KassaError $error) {
            return $error;
        }
    }
}
