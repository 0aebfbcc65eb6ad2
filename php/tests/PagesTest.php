<?php

declare(strict_types=1);

use Kassa\Atol;
use PHPUnit\Framework\TestCase;

require_once __DIR__ . '/Emulated.php';

/** Pages that begin at an offset: ATOL's cash registers. */
final class PagesTest extends TestCase
{
    use Emulated;

    /** A vendor that gives the same two cash registers whatever it is asked for, and counts how often. */
    private const HEEDLESS = <<<'PHP'
        <?php
        if (str_ends_with(strtok($_SERVER['REQUEST_URI'], '?'), 'gettoken')) {
            exit('{"token": "t", "error": null}');
        }
        file_put_contents(__DIR__ . '/asked', 'x', FILE_APPEND);
        $signed = filesize(__DIR__ . '/asked');
        exit("[{\"serialNumber\": \"1\", \"signedDocuments\": $signed}, {\"serialNumber\": \"2\"}]");
        PHP;

    public function testTheRowsOfAllPagesComeOnce(): void
    {
        $group = ['code' => 'shop_1', 'kkts' => 5];
        $config = $this->control('seed', ['vendor' => 'atol', 'account' => ['login' => 'shop'], 'group' => $group])['config'];
        $till = new Atol(['journal' => 'memory:'] + $config);
        $all = array_column($till->kkts()['kkts'], 'serial_number');
        self::assertCount(5, $all);
        foreach ([[], ['limit' => 2], ['limit' => 5]] as $request) {
            self::assertSame($all, array_column(iterator_to_array($till->kktsPages($request)), 'serial_number'));
        }
        self::assertSame(array_slice($all, 3), array_column(iterator_to_array($till->kktsPages(['offset' => 3])), 'serial_number'));
    }

    public function testAVendorThatDoesNotHeedTheOffsetIsAskedTwice(): void
    {
        file_put_contents("$this->folder/index.php", self::HEEDLESS);
        $free = stream_socket_server('tcp://127.0.0.1:0');
        $address = stream_socket_get_name($free, false);
        fclose($free);
        $server = proc_open([PHP_BINARY, '-S', $address, "$this->folder/index.php"], [2 => ['pipe', 'w']], $pipes);
        try {
            self::assertStringContainsString('started', fgets($pipes[2]));
            $config = ['monitoring_url' => "http://$address/api", 'journal' => 'memory:'];
            $till = new Atol($config + $this->said['vendors']['atol']['config']);
            self::assertSame(['1', '2'], array_column(iterator_to_array($till->kktsPages()), 'serial_number'));
            self::assertSame('xx', file_get_contents("$this->folder/asked"));
        } finally {
            proc_terminate($server);
            proc_close($server);
        }
    }
}
