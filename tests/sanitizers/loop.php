<?php

// Opens a client, sells, errs and closes, as often as the first argument says, for valgrind. With a second argument, a
// library, each round also leaks and reads what was freed, which valgrind must report.

declare(strict_types=1);

require __DIR__ . '/../../php/autoload.php';

$config = json_decode(getenv('KASSA_LOOP_CONFIG'), true);
$receipt = json_decode(getenv('KASSA_LOOP_RECEIPT'), true);
$faulty = isset($argv[2]) ? FFI::cdef('void leak(void); int read_freed(void);', $argv[2]) : null;
for ($round = 0; $round < (int) $argv[1]; $round++) {
    $till = new Kassa\Modulkassa($config);
    $till->register(['id' => "php-$argv[1]-$round"] + $receipt);
    foreach (['register' => ['id' => ''], 'status' => ['id' => 'unknown'], 'no_such_operation' => []] as $operation => $request) {
        try {
            $till->call($operation, $request);
            exit("$operation did not fail\n");
        } catch (Kassa\KassaError) {
        }
    }
    $till->close();
    $faulty?->leak();
    $faulty?->read_freed();
}
echo "$round rounds\n";
