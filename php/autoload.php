<?php

/* Loads the classes of this package where there is no Composer. */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $name = substr($class, strlen('Kassa\\'));
    // All errors stand in one file.
    $file = __DIR__ . '/src/' . (str_ends_with($name, 'Error') ? 'KassaError' : $name) . '.php';
    if (str_starts_with($class, 'Kassa\\') && is_file($file)) {
        require_once $file;
    }
});
