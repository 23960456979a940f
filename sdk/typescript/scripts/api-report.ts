/** The public interface as text: what each entry point exports, by its declarations without comments. */
import { mkdtempSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import ts from "typescript";

/** `entries`: names of entry points, with their sources from the package's directory on. */
export function apiReport(home: string, entries: Record<string, string>): string {
  const { options } = ts.parseJsonConfigFileContent(ts.readConfigFile(join(home, "tsconfig.json"), ts.sys.readFile).config, ts.sys, home);
  const out = mkdtempSync(join(home, "node_modules", ".api-"));
  try {
    const emit: ts.CompilerOptions = {
      ...options,
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      removeComments: true,
      rootDir: join(home, "src"),
      outDir: out,
    };
    ts.createProgram(Object.values(entries).map((source) => join(home, source)), emit).emit(undefined, (file, text) => {
      // A package may be compiled against the source of another one, which is not its own.
      if (file.startsWith(out)) ts.sys.writeFile(file, text);
    });
    const files = Object.values(entries).map((source) => join(out, relative("src", source).replace(/\.tsx?$/, ".d.ts")));
    const program = ts.createProgram(files, options);
    const declared = Object.keys(entries).map((name, index) => `## ${name}\n\n${exportsOf(files[index] ?? "", program).join("\n\n")}\n`);
    return declared.join("\n");
  } finally {
    rmSync(out, { recursive: true });
  }
}

function exportsOf(file: string, program: ts.Program): string[] {
  const checker = program.getTypeChecker();
  const source = program.getSourceFile(file);
  const module = source && checker.getSymbolAtLocation(source);
  if (!module) throw new Error(`${file} exports nothing`);
  const symbols = checker.getExportsOfModule(module).sort((one, other) => (one.name < other.name ? -1 : 1));
  return symbols.flatMap((symbol) => {
    const declared = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return (declared.declarations ?? []).map((declaration) => publicText(declaration));
  });
}

function publicText(declaration: ts.Node): string {
  const lines = declaration.getText().split("\n");
  return lines.filter((line) => !/^\s*(private |#private)/.test(line)).join("\n");
}
