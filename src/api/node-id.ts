import { TypeID } from 'typeid-js';

/** Prints a UUID as the API shows it: a type prefix and 26 characters, such as tip_01k… (the TypeID specification 0.3). */
export function encodeId(prefix: string, uuid: string): string {
  return TypeID.fromUUID(prefix, uuid).toString();
}

export interface DecodedId {
  readonly prefix: string;
  readonly uuid: string;
}

/** Reads an id back; null for anything that is not one. */
export function decodeId(text: string): DecodedId | null {
  if (text.length > 64) return null;
  try {
    const id = TypeID.fromString(text);
    return { prefix: id.getType(), uuid: id.toUUID() };
  } catch {
    return null;
  }
}

/** The UUID of an id of one type; null for other types and for what is no id. */
export function decodeIdOf(prefix: string, text: string): string | null {
  const id = decodeId(text);
  return id?.prefix === prefix ? id.uuid : null;
}
