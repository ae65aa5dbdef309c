// The names of all that a module exports and that can be called.

/** Functions, classes, and their methods, accessors (`Class#member`) and static functions (`Class.member`). */
export function callablesOf(module: object): string[] {
  return Object.entries(module).flatMap(([name, value]) => {
    if (typeof value !== 'function') return [];
    // A generator has a prototype too, with what all generators can do.
    const isClass = value.prototype?.constructor === value;
    const members = (isClass ? membersOf(value.prototype) : []).filter((member) => member !== 'constructor');
    const statics = Object.entries(Object.getOwnPropertyDescriptors(value)).filter(
      ([, each]) => typeof each.value === 'function',
    );
    return [name, ...members.map((member) => `${name}#${member}`), ...statics.map(([member]) => `${name}.${member}`)];
  });
}

/** Inherited ones too, but for those of every object, and of every error. */
function membersOf(prototype: object | undefined | null): string[] {
  if (!prototype || prototype === Object.prototype || prototype === Error.prototype) return [];
  return [...Object.getOwnPropertyNames(prototype), ...membersOf(Object.getPrototypeOf(prototype))];
}
