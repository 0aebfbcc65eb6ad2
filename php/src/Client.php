<?php

declare(strict_types=1);

namespace Kassa;

/**
 * A client of one vendor and one cash register: what the classes of all vendors have in common.
 */
abstract class Client
{
    /** Name of the vendor, as the configuration has it. */
    protected const VENDOR = '';

    /** Log levels in the words of PSR-3. */
    private const LEVELS = ['error' => 'error', 'warn' => 'warning', 'info' => 'info', 'debug' => 'debug'];

    /** Id of the native client; none has the id 0, so a closed client is refused by the library. */
    private int $id = 0;

    /** The process that opened the client. */
    private int $pid = 0;

    /** True where the journal outlives the process. */
    private bool $durable = false;

    /** Kept to open the client again after a fork; shows in no dump. */
    private readonly \SensitiveParameterValue $config;

    /**
     * @param array<string, mixed> $config
     * @throws KassaError
     */
    public function __construct(#[\SensitiveParameter] array $config, private readonly ?object $logger = null)
    {
        if ($logger !== null && !is_callable([$logger, 'log'])) {
            throw new \TypeError('the logger needs a method log($level, $message, array $context)');
        }
        $config['vendor'] ??= static::VENDOR;
        if ($config['vendor'] !== static::VENDOR) {
            $wrong = ['path' => '/vendor', 'code' => ErrorCode::WRONG_VALUE, 'message' => 'must be ' . static::VENDOR];
            $message = '/vendor: ' . static::class . ' is for ' . static::VENDOR;
            throw KassaError::here(ErrorCode::CONFIG_INVALID, $message, [$wrong]);
        }
        if (!in_array(\PHP_SAPI, ['cli', 'phpdbg', 'embed'], true)) {
            $config['web_server'] ??= true;
        }
        $this->config = new \SensitiveParameterValue(Json::encode($config));
        $this->open();
    }

    public function __destruct()
    {
        $this->close();
    }

    /** A copy would close the client of its original. */
    private function __clone()
    {
    }

    /**
     * Carries out an operation by its name; the methods of the classes are made of it.
     *
     * @param array<string, mixed> $request
     * @return array<string, mixed>
     * @throws KassaError
     */
    final public function call(string $operation, #[\SensitiveParameter] array $request = []): array
    {
        $text = Json::encode($request);
        try {
            return $this->opened(Native::call($this->id, $operation, $text));
        } catch (ForkedError $error) {
            // Nothing was sent. What a durable journal knows, a new client knows as well.
            if (!$this->durable) {
                throw $error;
            }
        }
        $this->open();
        return $this->opened(Native::call($this->id, $operation, $text));
    }

    /**
     * The rows of all pages, a page at a time.
     *
     * @param array<string, mixed> $request
     * @return \Generator<int, array<string, mixed>>
     * @throws KassaError
     */
    final protected function pages(
        string $operation,
        #[\SensitiveParameter] array $request,
        string $rows,
    ): \Generator {
        do {
            $page = $this->call($operation, $request);
            foreach ($page[$rows] as $row) {
                yield $row;
            }
            $request['after'] = $page['next'] ?? null;
        } while ($request['after'] !== null);
    }

    /**
     * The same where pages have no name and begin at an offset: the last one is empty, or has the same rows again, by a key of
     * theirs, where the vendor does not heed the offset.
     *
     * @param array<string, mixed> $request
     * @return \Generator<int, array<string, mixed>>
     * @throws KassaError
     */
    final protected function countedPages(
        string $operation,
        #[\SensitiveParameter] array $request,
        string $rows,
        string $key,
    ): \Generator {
        $before = [];
        while (($page = $this->call($operation, $request)[$rows]) && array_column($page, $key) !== $before) {
            foreach ($page as $row) {
                yield $row;
            }
            $before = array_column($page, $key);
            $request['offset'] = ($request['offset'] ?? 0) + count($page);
        }
    }

    /** Closes the client; closing twice is harmless. */
    final public function close(): void
    {
        // In a forked child the client is still the parent's.
        if ($this->id !== 0 && $this->pid === getmypid()) {
            Native::close($this->id);
        }
        $this->id = 0;
    }

    private function open(): void
    {
        $opened = $this->opened(Native::open($this->config->getValue()));
        $this->id = $opened['client'];
        $this->durable = $opened['durable'];
        $this->pid = (int) getmypid();
    }

    /**
     * Opens an envelope: hands the log lines on, gives back the response or throws the error.
     *
     * @return array<string, mixed>
     */
    private function opened(string $envelope): array
    {
        $envelope = Json::decode($envelope);
        foreach ($envelope['log'] ?? [] as $line) {
            $this->log($line);
        }
        return $envelope['ok'] ?? throw KassaError::of($envelope['error']);
    }

    /** @param array{level: string, target: string, message: string} $line */
    private function log(array $line): void
    {
        try {
            $this->logger?->log(self::LEVELS[$line['level']], $line['message'], ['target' => $line['target']]);
        } catch (\Throwable) {
            // What became of a sale must not be lost because a log could not be written.
        }
    }
}
