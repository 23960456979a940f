export interface Served {
  url: string;
  close: () => void;
}

export function serve(options: {
  upstream: string;
  mounts: [path: string, directory: string][];
  local?: Record<string, () => unknown>;
  port?: number;
}): Promise<Served>;
