// placeholder
export type MenuLine = { "kind": "choice", label: string, enabled: boolean } | { "kind": "rule" };
