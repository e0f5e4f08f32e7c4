/** The virtual module of all spec files (run.ts makes it when it bundles). */
declare module 'tfjs-core-specs';
