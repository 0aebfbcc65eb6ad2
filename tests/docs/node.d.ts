// The little of Node.js that the samples use, for their types: its own are a package that nothing else here needs.
declare const process: { argv: string[]; env: Record<string, string | undefined>; exitCode?: number; exit(code?: number): never }
declare module 'node:fs' {
  export function readFileSync(path: string, encoding: 'utf8'): string
}
