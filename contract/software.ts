/** The version of this program: that of package.json, which a test holds against it. */
export const SOFTWARE_VERSION = '0.1.0'
