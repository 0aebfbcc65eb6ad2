<?php

declare(strict_types=1);

namespace Kassa;

/**
 * Root of every error of this package; below it stands a class for every kind. `getMessage()` says what happened, whether
 * the sale is on record and what to do next; `toArray()` has each for itself.
 *
 * @phpstan-import-type ErrorBody from Types
 * @phpstan-import-type VendorFault from Types
 * @phpstan-import-type Violation from Types
 */
class KassaError extends \RuntimeException
{
    /** Stable code, one of {@see ErrorCode}. */
    public readonly string $errorCode;

    /** Family of the code; each has a class of its own. */
    public readonly string $kind;

    /** What to do next. */
    public readonly string $advice;

    /** Whether the sale is on record: `not_registered`, `registered` or `unknown`. */
    public readonly string $outcome;

    /** When it makes sense to try again, in milliseconds from now. */
    public readonly ?int $retryAfterMs;

    /** @var list<Violation> Everything that is wrong with the request. */
    public readonly array $violations;

    /** @var VendorFault|null What the vendor said. */
    public readonly ?array $vendor;

    /** @param ErrorBody $error */
    final public function __construct(private readonly array $error, ?\Throwable $previous = null)
    {
        $message = "{$error['message']} [{$error['code']}, outcome {$error['outcome']}] {$error['advice']}";
        parent::__construct($message, 0, $previous);
        $this->errorCode = $error['code'];
        $this->kind = $error['kind'];
        $this->advice = $error['advice'];
        $this->outcome = $error['outcome'];
        $this->retryAfterMs = $error['retry_after_ms'] ?? null;
        $this->violations = $error['violations'];
        $this->vendor = $error['vendor'] ?? null;
    }

    /**
     * The error as it crosses the boundary.
     *
     * @return ErrorBody
     */
    final public function toArray(): array
    {
        return $this->error;
    }

    /**
     * The exception of an error that came across the boundary: `InDoubtError` for `in_doubt`.
     *
     * @internal
     * @param ErrorBody $error
     */
    final public static function of(array $error, ?\Throwable $previous = null): self
    {
        $class = __NAMESPACE__ . '\\' . str_replace('_', '', ucwords($error['kind'], '_')) . 'Error';
        return class_exists($class) ? new $class($error, $previous) : new self($error, $previous);
    }

    /**
     * The exception of an error that arose on this side of the boundary.
     *
     * @internal
     * @param list<Violation> $violations
     */
    final public static function here(
        string $code,
        string $message,
        array $violations = [],
        string $outcome = 'not_registered',
        ?\Throwable $previous = null,
        ?string $advice = null,
    ): self {
        return self::of([
            'code' => $code,
            'kind' => ErrorCode::KINDS[$code],
            'message' => $message,
            'advice' => $advice ?? ErrorCode::ADVICE[$code],
            'outcome' => $outcome,
            'retry_after_ms' => null,
            'violations' => $violations,
            'vendor' => null,
        ], $previous);
    }
}

// A class for every kind, each in a line.

/** The configuration cannot be used as it is. */ final class ConfigError extends KassaError {}
/** The request is wrong; `violations` names everything that is. */ final class InvalidError extends KassaError {}
/** This vendor cannot do it; `capabilities` says so beforehand. */ final class UnsupportedError extends KassaError {}
/** The same id was used before with other content. */ final class ConflictError extends KassaError {}
/** The vendor does not accept the credentials. */ final class AuthError extends KassaError {}
/** The vendor or its cash register refused the document for good. */ final class RefusedError extends KassaError {}
/** The cash register has to be made ready first: its shift, its paper, its drawer. Nothing came on record. */ final class NotReadyError extends KassaError {}
/** Somebody else is working on the same cash register or document, or the time was too short; nothing was sent. */ final class BusyError extends KassaError {}
/** The vendor asks to slow down. */ final class LimitedError extends KassaError {}
/** The vendor could not be reached or did not answer. */ final class UnreachableError extends KassaError {}
/** Something was sent and it is not known what became of it. */ final class InDoubtError extends KassaError {}
/** The vendor answered something that its protocol does not know. */ final class ProtocolError extends KassaError {}
/** The journal could not be read or written. */ final class JournalError extends KassaError {}
/** The client is closed. */ final class ClosedError extends KassaError {}
/** The client was opened before a fork and is used after it. */ final class ForkedError extends KassaError {}
/** A defect of this library. */ final class InternalError extends KassaError {}
