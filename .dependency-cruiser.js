/**
 * The rooms of `src/`, from the top floor to the ground: a room imports only from rooms below it, and no file imports
 * itself through others. docs/architecture.md says what each room is for; a test compares the two.
 */
export const rooms = [
  'cli',
  'report',
  'import',
  'queue',
  'runner',
  'setup',
  'analysis',
  'convert',
  'train',
  'models',
  'nn',
  'tf-optimizers',
  'optim',
  'data',
  'config',
  'experiment',
  'rules',
  'backends',
  'files',
  'random',
  'errors',
];

const pathOf = (room) => `^src/${room}/`;

const upward = rooms.slice(1).map((room, i) => ({
  name: `${room}-imports-only-from-below`,
  comment: `src/${room}/ may import only from rooms below it: see the list in .dependency-cruiser.js.`,
  severity: 'error',
  from: { path: pathOf(room) },
  to: { path: rooms.slice(0, i + 1).map(pathOf) },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    ...upward,
    {
      name: 'no-circle',
      comment: 'A file imports itself through others, types included.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-room-without-a-floor',
      comment: 'Each folder of src/ has its place in the list of rooms.',
      severity: 'error',
      from: {},
      to: { path: '^src/[^/]+/', pathNot: rooms.map(pathOf) },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
  },
};
