<?php

// Carries out what a judge says on standard input, line by line, and answers each with one line:
//   open CONFIG | call OPERATION REQUEST | close | exit

declare(strict_types=1);

require __DIR__ . '/../../php/autoload.php';

use Kassa\ErrorCode;
use Kassa\KassaError;

const FLAGS = JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES | JSON_PRESERVE_ZERO_FRACTION;

/** `open_shift` as `OpenShift`. */
function pascal(string $name): string
{
    return str_replace('_', '', ucwords($name, '_'));
}

/** Objects inside stay objects, so that `{}` does not become `[]`. */
function request(string $json): array
{
    try {
        return (array) json_decode($json, false, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
    } catch (JsonException $error) {
        throw KassaError::here(ErrorCode::JSON_BROKEN, $error->getMessage());
    }
}

function open(string $json): Kassa\Client
{
    $config = request($json);
    $class = 'Kassa\\' . pascal((string) ($config['vendor'] ?? ''));
    if (!is_subclass_of($class, Kassa\Client::class)) {
        throw KassaError::here(ErrorCode::CONFIG_INVALID, "there is no class $class");
    }
    return new $class($config);
}

function call(?Kassa\Client $till, string $operation, string $json): array
{
    $method = lcfirst(pascal($operation));
    if ($till === null) {
        throw KassaError::here(ErrorCode::CLIENT_CLOSED, 'nothing was opened');
    }
    $typed = method_exists($till, $method) && !in_array($method, ['call', 'close'], true);
    return $typed ? $till->$method(request($json)) : $till->call($operation, request($json));
}

$till = null;
while (($line = fgets(STDIN)) !== false && trim($line) !== 'exit') {
    [$word, $rest] = explode(' ', rtrim($line, "\n"), 2) + [1 => ''];
    try {
        if ($word === 'open') {
            $till = open($rest);
            $ok = ['opened' => true];
        } elseif ($word === 'call') {
            [$operation, $json] = explode(' ', $rest, 2) + [1 => ''];
            $ok = call($till, $operation, $json);
        } elseif ($word === 'close') {
            $till?->close();
            $ok = ['closed' => true];
        } else {
            exit(2);
        }
        // A response without fields is an object too.
        $answer = ['ok' => (object) $ok];
    } catch (KassaError $error) {
        $answer = ['error' => $error->toArray()];
    }
    fwrite(STDOUT, json_encode($answer, FLAGS) . "\n");
}
