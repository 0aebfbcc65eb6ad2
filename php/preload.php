<?php

/*
 * For `opcache.preload`: classes that are preloaded may use FFI although `ffi.enable` stays at
 * `preload`, its default. The library itself is loaded at the first use, in each worker.
 */

declare(strict_types=1);

require_once __DIR__ . '/autoload.php';

foreach (glob(__DIR__ . '/src/*.php') ?: [] as $file) {
    class_exists('Kassa\\' . basename($file, '.php'));
}
