<?php

declare(strict_types=1);

/** A test with the emulator, and a folder of its own. */
trait Emulated
{
    private string $folder;

    /** @var resource */
    private $emulator;

    private array $pipes = [];

    private array $said;

    protected function setUp(): void
    {
        $build = getenv('KASSA_BUILD') ?: dirname(__DIR__, 2) . '/target/debug';
        $this->folder = sys_get_temp_dir() . '/kassa-emulated-' . getmypid() . '-' . $this->getName(false);
        mkdir($this->folder);
        $this->emulator = proc_open(["$build/kassa-emulator"], [['pipe', 'r'], ['pipe', 'w']], $this->pipes);
        $this->said = json_decode(fgets($this->pipes[1]), true, flags: JSON_THROW_ON_ERROR);
    }

    protected function tearDown(): void
    {
        array_map('fclose', $this->pipes);
        self::assertSame(0, proc_close($this->emulator));
        exec('rm -r ' . escapeshellarg($this->folder));
    }

    /** Posts to the control interface. */
    private function control(string $path, array $what): array
    {
        $post = ['method' => 'POST', 'header' => 'content-type: application/json', 'content' => json_encode($what)];
        $said = file_get_contents("{$this->said['url']}/_emulator/$path", false, stream_context_create(['http' => $post]));
        return json_decode($said, true, flags: JSON_THROW_ON_ERROR);
    }
}
