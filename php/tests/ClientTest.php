<?php

declare(strict_types=1);

use Kassa\Client;
use Kassa\ClosedError;
use Kassa\ConfigError;
use Kassa\ErrorCode;
use Kassa\InternalError;
use Kassa\InvalidError;
use Kassa\KassaError;
use Kassa\Modulkassa;
use Kassa\Native;
use Kassa\UnsupportedError;
use PHPUnit\Framework\TestCase;

/** What crosses the border, and how. The library must be built with the feature `testing`. */
final class ClientTest extends TestCase
{
    private const CONFIG = [
        'environment' => 'demo',
        'credentials' => ['user_name' => 'u', 'password' => 'top-secret'],
        'journal' => 'memory:',
    ];

    private const RECEIPT = [
        'id' => 'order-1001',
        'kind' => 'sell',
        'items' => [
            ['name' => 'Кружка', 'price' => '150.00', 'quantity' => '2', 'discount' => '10.00', 'vat' => '22'],
        ],
        'payments' => [['type' => 'card', 'sum' => '290.00']],
        'customer' => ['email' => 'buyer@shop.example'],
    ];

    private static function open(array $config = [], ?object $logger = null): Modulkassa
    {
        return new Modulkassa($config + self::CONFIG, $logger);
    }

    private static function failure(callable $call): KassaError
    {
        try {
            $call();
        } catch (KassaError $error) {
            return $error;
        }
        self::fail('no KassaError was thrown');
    }

    public static function texts(): array
    {
        return [
            'Cyrillic' => ['Чек за «кофе» — ёж'],
            'emoji' => ['☕️👩‍🚀 and 𝕂assa'],
            'quotes and slashes' => ["\"\\/\r\n\t\u{2028}"],
            'empty' => [''],
        ];
    }

    /** @dataProvider texts */
    public function testTextsComeBackAsTheyWent(string $text): void
    {
        self::assertSame(['text' => $text], self::open()->call('test_echo', ['text' => $text]));
    }

    public function testNulInATextIsRefused(): void
    {
        $error = self::failure(fn () => self::open()->call('test_echo', ['text' => "before\0after"]));
        self::assertInstanceOf(InvalidError::class, $error);
        self::assertSame(ErrorCode::WRONG_FORMAT, $error->errorCode);
        self::assertSame('not_registered', $error->outcome);
        self::assertSame('/text', $error->violations[0]['path']);
    }

    public function testNulInAnOperationIsRefused(): void
    {
        $error = self::failure(fn () => self::open()->call("capabilities\0", []));
        self::assertInstanceOf(InvalidError::class, $error);
        self::assertSame([ErrorCode::WRONG_FORMAT, 'not_registered'], [$error->errorCode, $error->outcome]);
    }

    public function testInvalidUtf8IsRefusedWithItsPlace(): void
    {
        $receipt = self::RECEIPT;
        $receipt['items'][0]['name'] = iconv('UTF-8', 'windows-1251', 'Кружка');
        $receipt['cashier'] = ['name' => "\xff"];
        $error = self::failure(fn () => self::open()->validate($receipt));
        self::assertInstanceOf(InvalidError::class, $error);
        self::assertSame([ErrorCode::WRONG_FORMAT, 'not_registered'], [$error->errorCode, $error->outcome]);
        self::assertSame(['/items/0/name', '/cashier/name'], array_column($error->violations, 'path'));
        self::assertIsString(json_encode($error->toArray(), JSON_THROW_ON_ERROR));
    }

    public function testWhatJsonCannotSayIsRefused(): void
    {
        $endless = [];
        $endless['again'] = &$endless;
        $endless['text'] = "\xff";
        foreach ([NAN, INF, fopen('php://memory', 'r'), $endless] as $value) {
            $error = self::failure(fn () => self::open()->call('test_echo', ['text' => $value]));
            self::assertInstanceOf(InvalidError::class, $error);
            self::assertSame('not_registered', $error->outcome);
        }
    }

    public static function codes(): array
    {
        $codes = array_keys(ErrorCode::KINDS);
        return array_combine($codes, array_map(static fn (string $code) => [$code], $codes));
    }

    /** @dataProvider codes */
    public function testEveryCodeIsAnExceptionOfItsKind(string $code): void
    {
        $error = self::failure(fn () => self::open()->call('test_error', ['code' => $code]));
        $kind = ErrorCode::KINDS[$code];
        self::assertSame('Kassa\\' . str_replace('_', '', ucwords($kind, '_')) . 'Error', $error::class);
        self::assertSame([$code, $kind], [$error->errorCode, $error->kind]);
        self::assertSame(ErrorCode::ADVICE[$code], $error->advice);
        self::assertSame([], $error->violations);
        self::assertNull($error->retryAfterMs);
        self::assertNull($error->vendor);
    }

    public function testEveryKindHasAClassAndEveryClassAKind(): void
    {
        $kinds = json_decode(Native::describe(), true, flags: JSON_THROW_ON_ERROR)['kinds'];
        $wanted = array_map(fn (string $kind) => 'Kassa\\' . str_replace('_', '', ucwords($kind, '_')) . 'Error', $kinds);
        self::assertTrue(class_exists(KassaError::class));
        $there = array_filter(get_declared_classes(), fn (string $class) => is_subclass_of($class, KassaError::class));
        self::assertEqualsCanonicalizing($wanted, array_values($there));
    }

    public function testCodesAreThoseOfTheLibrary(): void
    {
        $codes = json_decode(Native::describe(), true, flags: JSON_THROW_ON_ERROR)['codes'];
        self::assertSame(array_column($codes, 'kind', 'code'), ErrorCode::KINDS);
        self::assertSame(array_column($codes, 'advice', 'code'), ErrorCode::ADVICE);
    }

    public function testAnErrorIsWhatCrossedTheBorder(): void
    {
        $receipt = ['payments' => [['type' => 'card', 'sum' => '1.00']]] + self::RECEIPT;
        $error = self::failure(fn () => self::open()->register($receipt));
        $expected = [
            'code' => 'payments_differ',
            'kind' => 'invalid',
            'message' => $error->toArray()['message'],
            'advice' => ErrorCode::ADVICE['payments_differ'],
            'outcome' => 'not_registered',
            'retry_after_ms' => null,
            'violations' => $error->violations,
            'vendor' => null,
        ];
        self::assertSame($expected, $error->toArray());
        self::assertSame('/payments', $error->violations[0]['path']);
    }

    public function testAnErrorThatNobodyCatchesSaysWhetherTheSaleIsOnRecordAndWhatToDo(): void
    {
        $error = KassaError::here('not_taken', 'the vendor did not take it');
        $told = "the vendor did not take it [not_taken, outcome not_registered] $error->advice";
        self::assertSame($told, $error->getMessage());
        self::assertStringContainsString($told, (string) $error);
        self::assertSame('the vendor did not take it', $error->toArray()['message']);
    }

    public function testAPanicIsAnErrorAndTheProcessGoesOn(): void
    {
        $till = self::open();
        $error = self::failure(fn () => $till->call('test_panic'));
        self::assertInstanceOf(InternalError::class, $error);
        self::assertSame('unknown', $error->outcome);
        self::assertSame(['text' => 'x'], $till->call('test_echo', ['text' => 'x']));
    }

    public function testAClosedClientSaysSo(): void
    {
        $till = self::open();
        $till->close();
        $till->close();
        self::assertInstanceOf(ClosedError::class, self::failure(fn () => $till->capabilities()));
    }

    public function testOneClientsEndLeavesTheOthersOpen(): void
    {
        $first = self::open();
        $second = self::open();
        unset($first);
        self::assertSame('modulkassa', $second->capabilities()['vendor']);
    }

    public function testUnknownOperation(): void
    {
        $error = self::failure(fn () => self::open()->call('no_such_thing'));
        self::assertInstanceOf(UnsupportedError::class, $error);
        self::assertSame(ErrorCode::OPERATION_UNKNOWN, $error->errorCode);
    }

    public function testUnknownField(): void
    {
        $error = self::failure(fn () => self::open()->validate(self::RECEIPT + ['colour' => 'red']));
        self::assertInstanceOf(InvalidError::class, $error);
        self::assertSame(ErrorCode::UNKNOWN_FIELD, $error->errorCode);
        self::assertSame('/colour', $error->violations[0]['path']);
    }

    public function testTenMegabytesAreRefused(): void
    {
        $error = self::failure(fn () => self::open()->call('test_echo', ['text' => str_repeat('x', 10 << 20)]));
        self::assertInstanceOf(InvalidError::class, $error);
        self::assertSame(ErrorCode::REQUEST_TOO_LARGE, $error->errorCode);
    }

    public function testThreeMegabytesComeBack(): void
    {
        $text = str_repeat('ёж', 3 << 18);
        self::assertSame($text, self::open()->call('test_echo', ['text' => $text])['text']);
    }

    public function testABrokenConfigurationNamesEverythingThatIsWrong(): void
    {
        $config = ['environment' => 'tset', 'credentials' => ['user_name' => ''], 'jornal' => 'memory:'];
        $error = self::failure(fn () => new Modulkassa($config));
        self::assertInstanceOf(ConfigError::class, $error);
        self::assertSame(ErrorCode::CONFIG_INVALID, $error->errorCode);
        self::assertEqualsCanonicalizing(
            ['/environment', '/credentials/user_name', '/credentials/password', '/jornal'],
            array_column($error->violations, 'path'),
        );
    }

    public function testAnotherVendorsConfigurationIsRefused(): void
    {
        $error = self::failure(fn () => self::open(['vendor' => 'ikassa']));
        self::assertInstanceOf(ConfigError::class, $error);
        self::assertSame('/vendor', $error->violations[0]['path']);
        self::assertSame('modulkassa', self::open(['vendor' => 'modulkassa'])->capabilities()['vendor']);
    }

    public function testWorksWithoutANetwork(): void
    {
        $till = self::open();
        $found = $till->validate(self::RECEIPT);
        self::assertTrue($found['valid']);
        self::assertSame('290.00', $found['total']);
        $entries = $till->enqueue(['receipts' => [self::RECEIPT]])['entries'];
        self::assertSame([['receipt_id' => 'order-1001', 'state' => 'queued']], $entries);
        self::assertSame('queued', $till->status(['id' => 'order-1001'])['state']);
        self::assertCount(1, $till->journal()['entries']);
        self::assertSame(1, $till->metrics()['journal']['queued']);
        self::assertFalse($till->parseCallback(['body' => '{"status":"FAILED"}', 'id' => 'order-1001'])['success']);
    }

    public function testPriceAsAFloatIsWhatWasWritten(): void
    {
        $before = ini_set('serialize_precision', '17');
        $receipt = self::RECEIPT;
        $receipt['items'][0]['price'] = 0.1;
        $receipt['items'][0]['quantity'] = 3;
        $receipt['items'][0]['discount'] = null;
        $receipt['payments'][0]['sum'] = 0.30;
        $found = self::open()->validate($receipt);
        self::assertSame('17', ini_set('serialize_precision', $before));
        self::assertSame([true, '0.30'], [$found['valid'], $found['total']]);
    }

    public function testTimesAndWholeNumbersAreTakenAsTheyAre(): void
    {
        $receipt = ['id' => 1001] + self::RECEIPT;
        $receipt['issued_at'] = new DateTimeImmutable('2026-11-23 10:11:12', new DateTimeZone('Europe/Moscow'));
        $receipt['items'][0] = ['price' => 150, 'quantity' => 2, 'discount' => 10, 'vat' => 22] + $receipt['items'][0];
        $receipt['payments'][0]['sum'] = 290;
        $till = self::open();
        self::assertSame([true, '290.00'], [$till->validate($receipt)['valid'], $till->validate($receipt)['total']]);
        $till->enqueue(['receipts' => [$receipt]]);
        self::assertSame('queued', $till->status(['id' => 1001])['state']);
        $count = fn (array $query) => count($till->journal($query)['entries']);
        self::assertSame([1, 0], [$count(['since' => new DateTime('-1 hour')]), $count(['until' => new DateTime('-1 hour')])]);
        $echo = fn (string $time) => $till->call('test_echo', ['text' => new DateTimeImmutable($time)])['text'];
        self::assertSame('2026-11-23T10:11:12+03:00', $echo('2026-11-23T10:11:12+03:00'));
        self::assertSame('2026-11-23T10:11:12.250000+00:00', $echo('2026-11-23T10:11:12.25Z'));
    }

    public function testTheEntriesOfAllPagesComeOneAfterTheOther(): void
    {
        $till = self::open();
        $ids = array_map(static fn (int $n) => "order-$n", range(1, 7));
        $till->enqueue(['receipts' => array_map(static fn (string $id) => ['id' => $id] + self::RECEIPT, $ids)]);
        $entries = iterator_to_array($till->journalPages(['limit' => 3]));
        self::assertSame($ids, array_column(array_column($entries, 'registration'), 'receipt_id'));
        $exported = iterator_to_array($till->exportPages(['limit' => 2]));
        self::assertSame($ids, array_column(array_column(array_column($exported, 'entry'), 'registration'), 'receipt_id'));
        self::assertCount(1, iterator_to_array($till->journalPages(['id' => 'order-3'])));
        self::assertSame([], iterator_to_array($till->journalPages(['state' => 'failed'])));
    }

    public function testAPageIsAskedForWhenItIsNeeded(): void
    {
        $pages = self::open()->journalPages(['limit' => 0]);
        self::assertInstanceOf(InvalidError::class, self::failure(fn () => $pages->current()));
    }

    public function testFalseZeroAndEmptyTextAreCarried(): void
    {
        $receipt = ['print' => false, 'currency' => ''] + self::RECEIPT;
        $receipt['items'][0]['discount'] = 0;
        $receipt['payments'][0]['sum'] = '300.00';
        $error = self::failure(fn () => self::open()->register($receipt));
        self::assertSame(['/currency'], array_column($error->violations, 'path'));
    }

    public function testEveryOperationHasAMethod(): void
    {
        foreach (self::open()->capabilities()['operations'] as $operation) {
            $method = lcfirst(str_replace('_', '', ucwords($operation, '_')));
            self::assertTrue((new ReflectionClass(Modulkassa::class))->hasMethod($method), $operation);
        }
    }

    public function testLogLinesGoToTheLogger(): void
    {
        $logger = new class () {
            public array $lines = [];

            public function log($level, $message, array $context = []): void
            {
                $this->lines[] = [$level, $message, $context];
            }
        };
        $till = self::open(['log' => 'debug', 'base_url' => 'http://127.0.0.1:1'], $logger);
        self::failure(fn () => $till->register(self::RECEIPT));
        self::assertNotEmpty($logger->lines);
        foreach ($logger->lines as [$level, $message, $context]) {
            self::assertContains($level, ['error', 'warning', 'info', 'debug']);
            self::assertIsString($message);
            self::assertStringStartsWith('kassa', $context['target']);
            self::assertStringNotContainsString('top-secret', $message);
        }
    }

    /** An exception, and what PHP itself throws. */
    public static function failures(): array
    {
        return [[new RuntimeException('the disk is full')], [new Error('a mistake in the logger')]];
    }

    /** @dataProvider failures */
    public function testALoggerThatFailsLosesNeitherAResultNorAnError(Throwable $failure): void
    {
        $logger = new class ($failure) {
            public int $lines = 0;

            public function __construct(private Throwable $failure)
            {
            }

            public function log($level, $message, array $context = []): void
            {
                $this->lines++;
                throw $this->failure;
            }
        };
        $till = self::open(['log' => 'debug', 'base_url' => 'http://127.0.0.1:1'], $logger);
        $till->enqueue(['receipts' => [self::RECEIPT]]);
        self::assertSame(1, $till->deliver(['all' => true])['left']);
        self::assertSame(2, $logger->lines);
        $error = self::failure(fn () => $till->register(self::RECEIPT));
        self::assertSame('unreachable', $error->kind);
        self::assertSame(4, $logger->lines);
    }

    public function testALoggerMustHaveLog(): void
    {
        $this->expectException(TypeError::class);
        self::open([], new stdClass());
    }

    public function testSecretsShowNowhere(): void
    {
        // Else traces have no arguments, and nothing could be found in them.
        ini_set('zend.exception_ignore_args', '0');
        $till = self::open();
        self::assertStringNotContainsString('top-secret', print_r($till, true));
        self::assertStringNotContainsString('top-secret', print_r((array) $till, true));
        self::assertStringNotContainsString('top-secret', var_export($till, true));
        $error = self::failure(fn () => self::open(['environment' => 'tset']));
        self::assertNotEmpty($error->getTrace());
        $frames = array_filter($error->getTrace(), fn (array $frame) => is_a($frame['class'] ?? '', Client::class, true));
        self::assertStringNotContainsString('top-secret', print_r($frames, true) . $error);
    }

    public function testNoExceptionBeforeHoldsTheConfiguration(): void
    {
        // Else traces have no arguments, and nothing could be found in them.
        ini_set('zend.exception_ignore_args', '0');
        foreach (["\xff", ['deep' => NAN]] as $value) {
            $error = self::failure(fn () => self::open(['register' => $value]));
            for (; $error !== null; $error = $error->getPrevious()) {
                $ours = fn (array $frame) => str_starts_with($frame['class'] ?? 'json_', 'Kassa\\')
                    || str_starts_with($frame['function'], 'json_');
                $frames = array_filter($error->getTrace(), $ours);
                $frames = array_filter($frames, fn (array $frame) => !str_contains($frame['class'] ?? '', 'Test'));
                self::assertStringNotContainsString('top-secret', print_r($frames, true));
            }
        }
    }

    public function testMemoryStaysWhereItIs(): void
    {
        $till = self::open();
        $text = str_repeat('ёж', 500);
        $round = static function (int $calls) use ($till, $text): void {
            for ($i = 0; $i < $calls; $i++) {
                $till->validate(self::RECEIPT);
                $till->call('test_echo', ['text' => $text]);
            }
        };
        $round(2_000);
        [$php, $process] = [memory_get_usage(), self::residentBytes()];
        $round(10_000);
        self::assertLessThan(64 << 10, memory_get_usage() - $php, 'memory of PHP');
        self::assertLessThan(4 << 20, self::residentBytes() - $process, 'memory of the process');
    }

    private static function residentBytes(): int
    {
        preg_match('/^VmRSS:\s+(\d+) kB/m', file_get_contents('/proc/self/status'), $found);
        return (int) $found[1] * 1024;
    }
}
