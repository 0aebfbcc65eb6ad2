<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

/** What the documentation shows is what is there. */
final class DocsTest extends TestCase
{
    public static function languages(): array
    {
        return ['PHP' => ['php'], 'C' => ['c']];
    }

    /** @dataProvider languages */
    public function testTheFirstSaleIsTheExamples(string $language): void
    {
        $root = dirname(__DIR__, 2);
        $first = self::blocks("$root/docs/$language.md", $language)[0];
        self::assertStringContainsString($first, file_get_contents("$root/examples/sale.$language"));
    }

    public function testPhpInTheDocumentationIsPhp(): void
    {
        foreach (self::blocks(dirname(__DIR__, 2) . '/docs/php.md', 'php') as $block) {
            self::assertNotEmpty(token_get_all("<?php\n$block", TOKEN_PARSE));
        }
    }

    /** @return list<string> */
    private static function blocks(string $file, string $language): array
    {
        preg_match_all("/^```$language\n(.*?)^```$/ms", file_get_contents($file), $found);
        self::assertNotEmpty($found[1]);
        return $found[1];
    }
}
