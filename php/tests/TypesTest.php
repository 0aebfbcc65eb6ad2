<?php

declare(strict_types=1);

use PHPStan\PhpDocParser\Ast\PhpDoc\InvalidTagValueNode;
use PHPStan\PhpDocParser\Ast\PhpDoc\PhpDocNode;
use PHPStan\PhpDocParser\Lexer\Lexer;
use PHPStan\PhpDocParser\Parser\ConstExprParser;
use PHPStan\PhpDocParser\Parser\PhpDocParser;
use PHPStan\PhpDocParser\Parser\TokenIterator;
use PHPStan\PhpDocParser\Parser\TypeParser;
use PHPUnit\Framework\TestCase;

require_once '/usr/share/php/PHPStan/PhpDocParser/autoload.php';

/** The array shapes, as PHPStan's own parser reads them. */
final class TypesTest extends TestCase
{
    private static function parsed(string $comment): PhpDocNode
    {
        $constants = new ConstExprParser();
        $parser = new PhpDocParser(new TypeParser($constants), $constants);
        return $parser->parse(new TokenIterator((new Lexer())->tokenize($comment)));
    }

    /** @return array<string, list<PhpDocNode>> The comments of every file of the package. */
    private static function comments(): array
    {
        $found = [];
        foreach (glob(dirname(__DIR__) . '/src/*.php') as $file) {
            foreach (token_get_all(file_get_contents($file)) as $token) {
                if ($token[0] === T_DOC_COMMENT) {
                    $found[basename($file, '.php')][] = self::parsed($token[1]);
                }
            }
        }
        return $found;
    }

    /** @return array<string, string> */
    private static function types(): array
    {
        $types = [];
        foreach (self::comments()['Types'] as $comment) {
            foreach ($comment->getTypeAliasTagValues('@phpstan-type') as $type) {
                $types[$type->alias] = (string) $type->type;
            }
        }
        return $types;
    }

    public function testEveryTagIsUnderstood(): void
    {
        foreach (self::comments() as $class => $comments) {
            foreach ($comments as $comment) {
                foreach ($comment->getTags() as $tag) {
                    self::assertNotInstanceOf(InvalidTagValueNode::class, $tag->value, "$class: $tag");
                }
            }
        }
    }

    public function testEveryTypeThatIsNamedIsThere(): void
    {
        $types = self::types();
        foreach ($types as $name => $type) {
            $named = preg_replace(["/'[^']*'/", '/\\\\\w+/', '/\w+\??:/'], '', $type);
            preg_match_all('/\b[A-Z]\w+/', $named, $found);
            self::assertSame([], array_diff($found[0], array_keys($types)), $name);
        }
        foreach (self::comments() as $class => $comments) {
            $imported = [];
            foreach ($comments as $comment) {
                foreach ($comment->getTypeAliasImportTagValues() as $import) {
                    self::assertArrayHasKey($import->importedAlias, $types, $class);
                    $imported[] = $import->importedAlias;
                }
                foreach ([...$comment->getParamTagValues(), ...$comment->getReturnTagValues()] as $value) {
                    preg_match_all('/(?<!\\\\)\b[A-Z]\w+/', (string) $value->type, $found);
                    self::assertSame([], array_diff($found[0], $imported, ['KassaError']), "$class: $value");
                }
            }
        }
    }

    public function testWhatBecameOfAReceiptIsToldStateByState(): void
    {
        $told = explode('} | array{', trim(self::types()['Registration'], '()'));
        self::assertCount(3, $told);
        foreach ([['registered', 'fiscal: Fiscal', 'failure?: null'], ['failed', 'failure: Failure', 'fiscal?: null']] as $at => $words) {
            self::assertStringContainsString("state: $words[0],", $told[$at]);
            self::assertStringContainsString($words[1], $told[$at]);
            self::assertStringContainsString($words[2], $told[$at]);
        }
        foreach (['accepted', 'queued', 'sending', 'in_doubt', 'fiscal?: null', 'failure?: null'] as $word) {
            self::assertStringContainsString($word, $told[2]);
        }
    }

    public function testARequestTakesMoreThanAnAnswerHas(): void
    {
        $types = self::types();
        self::assertMatchesRegularExpression('/\bid: \(?int \| string/', $types['Receipt']);
        self::assertMatchesRegularExpression('/\bissued_at\?: \(?\\\\DateTimeInterface \| string/', $types['Receipt']);
        self::assertMatchesRegularExpression('/\bvat\?: \(?int \| Vat/', $types['Item']);
        self::assertMatchesRegularExpression('/\bsince\?: \(?\\\\DateTimeInterface \| string/', $types['JournalQuery']);
        self::assertStringContainsString('receipt_id: string', $types['Registration']);
        self::assertStringContainsString('created_at: string', $types['JournalEntry']);
    }

    public function testPagesGiveTheirRows(): void
    {
        $comments = self::comments();
        $given = [];
        foreach ([...$comments['Operations'], ...$comments['Atol']] as $comment) {
            foreach ($comment->getReturnTagValues() as $value) {
                $given[] = (string) $value->type;
            }
        }
        foreach (['JournalEntry', 'ExportedEntry', 'Kkt'] as $row) {
            self::assertContains("\\Generator<int, $row>", $given);
        }
    }
}
