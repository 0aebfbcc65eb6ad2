<?php

declare(strict_types=1);

namespace Kassa;

/**
 * A program of this package, run with the arguments, the input and the output of this script.
 *
 * @internal
 */
final class Program
{
    /**
     * Ends with the exit code of the program, or with 1 where there is none.
     *
     * @param list<string> $arguments
     */
    public static function run(string $name, array $arguments): never
    {
        try {
            $places = Native::places(PHP_OS_FAMILY === 'Windows' ? "$name.exe" : $name);
        } catch (KassaError $error) {
            self::stop($error->getMessage());
        }
        $program = current(array_filter($places, 'is_file')) ?: $places[0];
        $why = WhyNot::seen($program);
        // Not every unpacker keeps the right to execute.
        if ($why === null && !is_executable($program) && !@chmod($program, 0755)) {
            $why = 'it is not executable: `chmod a+x` it';
        }
        if ($why === null && function_exists('pcntl_exec')) {
            @pcntl_exec($program, $arguments);
            $why = pcntl_strerror(pcntl_get_last_error()) . ': take the package of this system';
        }
        if ($why !== null) {
            self::stop("$program: $why");
        }
        $process = proc_open([$program, ...$arguments], [STDIN, STDOUT, STDERR], $pipes);
        exit($process === false ? 1 : proc_close($process));
    }

    private static function stop(string $why): never
    {
        fwrite(STDERR, "$why\n");
        exit(1);
    }
}
