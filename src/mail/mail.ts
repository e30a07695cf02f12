/** A message to one person, in plain text. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** One way of handing a mail on. It throws when that failed, and the same mail may then be given again. */
export interface MailTransport {
  deliver(mail: Mail): Promise<void>;
  close(): Promise<void> | void;
}

const address = /^[^\s<>,;:"()[\]\\@]{1,64}@[^\s<>,;:"()[\]\\@]{1,253}$/u;
const controls = /\p{Cc}/u;

/** Says why a mail cannot be sent, or null. What passes cannot add a header or a recipient. */
export function mailProblem(mail: Mail): string | null {
  if (!address.test(mail.to) || controls.test(mail.to)) return `${JSON.stringify(mail.to)} is not one plain e-mail address.`;
  if (controls.test(mail.subject)) return `The subject ${JSON.stringify(mail.subject)} contains a control character.`;
  return null;
}
