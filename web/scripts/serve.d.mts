export interface Served {
  url: string;
  close: () => void;
}

export function serve(options: {
  upstream: string;
  mounts: [path: string, directory: string][];
  port?: number;
}): Promise<Served>;
