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

/** Log lines, dumps and traces on standard error, where they are asked for. */
final class Shown
{
    public static function show(string $kind, string $text): void
    {
        if (getenv('KASSA_RUNNER_SHOW') === '1') {
            fwrite(STDERR, json_encode([$kind => $text], FLAGS | JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
        }
    }

    public static function dump(mixed ...$values): string
    {
        ob_start();
        var_dump(...$values);
        return (string) ob_get_clean() . print_r($values, true);
    }

    public function log(string $level, string $message, array $context): void
    {
        self::show('log', "$level $message " . json_encode($context));
    }
}

/** Objects inside stay objects, so that `{}` does not become `[]`. */
function request(#[\SensitiveParameter] string $json): array
{
    try {
        return (array) json_decode($json, false, 512, JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING);
    } catch (JsonException $error) {
        throw KassaError::here(ErrorCode::JSON_BROKEN, $error->getMessage());
    }
}

function open(#[\SensitiveParameter] string $json): Kassa\Client
{
    $config = request($json);
    $class = 'Kassa\\' . pascal((string) ($config['vendor'] ?? ''));
    if (!is_subclass_of($class, Kassa\Client::class)) {
        throw KassaError::here(ErrorCode::CONFIG_INVALID, "there is no class $class");
    }
    return new $class($config, new Shown());
}

function call(?Kassa\Client $till, string $operation, #[\SensitiveParameter] string $json): array
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
        Shown::show('trace', $error . Shown::dump($error));
        $answer = ['error' => $error->toArray()];
    }
    Shown::show('dump', Shown::dump($till));
    fwrite(STDOUT, json_encode($answer, FLAGS) . "\n");
}
