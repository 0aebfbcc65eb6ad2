<?php

/* Loads the classes of this package where there is no Composer. */

declare(strict_types=1);

spl_autoload_register(static function (string $class): void {
    $file = __DIR__ . '/src/' . substr($class, strlen('Kassa\\')) . '.php';
    if (str_starts_with($class, 'Kassa\\') && is_file($file)) {
        require $file;
    }
});
