<?php

// Registers one sale: php examples/sale.php CONFIG.json RECEIPT.json

declare(strict_types=1);

require __DIR__ . '/../php/autoload.php';

$config = json_decode(file_get_contents($argv[1]), true);
$receipt = json_decode(file_get_contents($argv[2]), true);

try {
    $till = new Kassa\Modulkassa($config);
    $sale = $till->register($receipt);
    if ($sale['state'] === 'accepted') {
        $sale = $till->wait(['id' => $receipt['id']]);
    }
} catch (Kassa\KassaError $error) {
    $sale = $error->toArray();
}
echo json_encode($sale, JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES), "\n";
exit(($sale['state'] ?? '') === 'registered' ? 0 : 1);
