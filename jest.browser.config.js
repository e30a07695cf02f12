import base from './jest.config.js';

/** The pages in a real Chromium, against the built server: `npm run test:browser`. */
export default { ...base, roots: ['<rootDir>/test-browser'], maxWorkers: 1 };
