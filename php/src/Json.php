<?php

declare(strict_types=1);

namespace Kassa;

/**
 * JSON for the boundary, whatever php.ini says.
 *
 * @internal
 */
final class Json
{
    private const ENCODE = JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES
        | JSON_PRESERVE_ZERO_FRACTION;
    private const DECODE = JSON_THROW_ON_ERROR | JSON_BIGINT_AS_STRING;

    /** How deep mistakes are looked for: an array may contain itself. */
    private const DEEPEST = 32;

    /**
     * @param array<mixed> $value
     * @throws InvalidError
     */
    public static function encode(#[\SensitiveParameter] array $value): string
    {
        if ($value === []) {
            return '{}';
        }
        // With a precision of 17, which old php.ini files have, 0.1 becomes 0.10000000000000001.
        $precision = (string) ini_get('serialize_precision');
        if ($precision !== '-1') {
            ini_set('serialize_precision', '-1');
        }
        try {
            return json_encode(self::plain($value), self::ENCODE);
        } catch (\JsonException $error) {
            throw self::refused($value, $error->getCode(), $error->getMessage());
        } finally {
            if ($precision !== '-1') {
                ini_set('serialize_precision', $precision);
            }
        }
    }

    /** Times as the library reads them; JSON has none. */
    private static function plain(#[\SensitiveParameter] mixed $value, int $depth = 0): mixed
    {
        return match (true) {
            $value instanceof \DateTimeInterface => str_replace('.000000', '', $value->format('Y-m-d\TH:i:s.uP')),
            is_array($value) && $depth < self::DEEPEST =>
                array_map(static fn (#[\SensitiveParameter] mixed $member) => self::plain($member, $depth + 1), $value),
            default => $value,
        };
    }

    /** @return array<string, mixed> */
    public static function decode(string $envelope): array
    {
        try {
            return json_decode($envelope, true, 512, self::DECODE);
        } catch (\JsonException $error) {
            $message = "the library's answer is not JSON: {$error->getMessage()}";
            throw KassaError::here(ErrorCode::INTERNAL, $message, outcome: 'unknown');
        }
    }

    /** @param array<mixed> $value */
    private static function refused(#[\SensitiveParameter] array $value, int $why, string $said): KassaError
    {
        $found = $why === JSON_ERROR_UTF8 ? self::notUtf8($value) : [];
        $code = match ($why) {
            JSON_ERROR_UTF8 => ErrorCode::WRONG_FORMAT,
            JSON_ERROR_DEPTH, JSON_ERROR_RECURSION => ErrorCode::TOO_DEEP,
            default => ErrorCode::WRONG_TYPE,
        };
        $paths = array_column($found, 'path');
        $message = ($paths === [] ? '' : implode(', ', $paths) . ': ') . $said;
        // Without the exception before it: that one's trace has the whole value.
        return KassaError::here($code, $message, $found);
    }

    /**
     * Every text that is not UTF-8, such as those in windows-1251.
     *
     * @param array<mixed> $value
     * @return list<array{path: string, code: string, message: string}>
     */
    private static function notUtf8(#[\SensitiveParameter] array $value, string $path = ''): array
    {
        $found = [];
        foreach ($value as $key => $member) {
            $key = (string) $key;
            $name = self::isUtf8($key) ? $key : preg_replace('/[^ -~]/', '?', $key);
            $here = $path . '/' . str_replace(['~', '/'], ['~0', '~1'], $name);
            $member = $member instanceof \stdClass ? (array) $member : $member;
            if (!self::isUtf8($key) || is_string($member) && !self::isUtf8($member)) {
                $found[] = ['path' => $here, 'code' => ErrorCode::WRONG_FORMAT, 'message' => 'is not UTF-8'];
            }
            if (is_array($member) && substr_count($here, '/') < self::DEEPEST) {
                array_push($found, ...self::notUtf8($member, $here));
            }
        }
        return $found;
    }

    private static function isUtf8(string $text): bool
    {
        return preg_match('//u', $text) === 1;
    }
}
