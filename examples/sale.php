<?php

// Puts a sale on the fiscal record: php examples/sale.php [CONFIG.json]

declare(strict_types=1);

require __DIR__ . '/../php/autoload.php';

$config = json_decode(file_get_contents($argv[1] ?? 'kassa.json'), true);
$receipt = [
    'id' => 'order-1001', 'kind' => 'sell',
    'items' => [['name' => 'Mug', 'price' => '150.00', 'quantity' => '2', 'discount' => '10.00', 'vat' => '22']],
    'payments' => [['type' => 'card', 'sum' => '290.00']],
    'customer' => ['email' => 'buyer@shop.example'],
];

try {
    $till = new Kassa\Modulkassa($config);
    $till->register($receipt);
    $sale = $till->wait(['id' => $receipt['id']]);
} catch (Kassa\KassaError $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
if ($sale['state'] !== 'registered') {
    $why = $sale['failure']['message'] ?? $sale['notice'] ?? 'the vendor has not done it yet';
    $todo = Kassa\ErrorCode::ADVICE[$sale['failure']['code'] ?? ''] ?? 'Run this again with the same id.';
    fwrite(STDERR, "{$sale['state']}: $why. $todo\n");
    exit(1);
}
echo "on record as document {$sale['fiscal']['document_number']}\n";
