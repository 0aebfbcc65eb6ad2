<?php

// The page of a shop: a receipt that is posted comes on record. What outlives a release is in the folder SHOP.

declare(strict_types=1);

require __DIR__ . '/../vendor/autoload.php';

function answer(int $status, array $said): never
{
    preg_match('/^RssAnon:\s+(\d+) kB/m', file_get_contents('/proc/self/status'), $memory);
    http_response_code($status);
    header('content-type: application/json');
    $worker = ['pid' => getmypid(), 'memory_kb' => (int) $memory[1], 'release' => basename(dirname(__DIR__))];
    echo json_encode($said + $worker);
    exit;
}

$shop = $_SERVER['SHOP'];
try {
    $till = new Kassa\Modulkassa(json_decode(file_get_contents("$shop/kassa.json"), true));
    if ($_SERVER['REQUEST_METHOD'] === 'GET') {
        $states = [];
        foreach ($till->journalPages(['limit' => 1000]) as $entry) {
            $state = $entry['registration']['state'];
            $states[$state] = ($states[$state] ?? 0) + 1;
        }
        answer(200, ['journal' => $states]);
    }
    if (isset($_GET['watched'])) {
        file_put_contents("$shop/worker.new", (string) getmypid());
        rename("$shop/worker.new", "$shop/worker");
    }
    $receipt = json_decode(file_get_contents('php://input'), true);
    $till->register($receipt);
    $sale = $till->wait(['id' => $receipt['id']]);
    answer($sale['state'] === 'registered' ? 200 : 503, ['sale' => $sale]);
} catch (Kassa\KassaError $error) {
    answer(503, ['error' => $error->toArray()]);
}
