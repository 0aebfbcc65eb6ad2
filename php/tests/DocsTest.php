<?php

declare(strict_types=1);

use PHPUnit\Framework\TestCase;

/** What the documentation shows is what is there. */
final class DocsTest extends TestCase
{
    public static function languages(): array
    {
        return ['PHP' => ['php', 'docs/php.md'], 'C' => ['c', 'docs/c.md']];
    }

    /** @dataProvider languages */
    public function testTheFirstSaleIsTheExamples(string $language, string $page): void
    {
        $root = dirname(__DIR__, 2);
        $first = self::blocks("$root/$page", $language)[0];
        self::assertStringContainsString($first, file_get_contents("$root/examples/sale.$language"));
    }

    public function testThePackagesOwnPageHasTheSameFirstSale(): void
    {
        [$first] = self::blocks(dirname(__DIR__) . '/README.md', 'php');
        $example = file_get_contents(dirname(__DIR__, 2) . '/examples/sale.php');
        $example = str_replace("\$argv[1] ?? 'kassa.json'", "'kassa.json'", $example);
        self::assertStringContainsString(substr($first, strpos($first, '$config')), $example);
    }

    public function testThePackageHasTheLicences(): void
    {
        foreach (['LICENSE-MIT', 'LICENSE-APACHE'] as $licence) {
            self::assertFileEquals(dirname(__DIR__, 2) . "/$licence", dirname(__DIR__) . "/$licence");
        }
    }

    /** Links to files of the repository would lead nowhere from the package. */
    public function testThePackagesOwnPageStandsAlone(): void
    {
        preg_match_all('/\]\(([^)]+)\)/', file_get_contents(dirname(__DIR__) . '/README.md'), $links);
        $at = json_decode(file_get_contents(dirname(__DIR__) . '/composer.json'), true)['homepage'] . '/blob/main/';
        foreach ($links[1] as $link) {
            self::assertStringStartsWith($at, $link);
            self::assertFileExists(dirname(__DIR__, 2) . '/' . substr($link, strlen($at)));
        }
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
