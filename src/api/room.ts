import type { ApiFace } from './face.ts';
import { MoneyResolver } from './money-type.ts';
import { NodeResolver } from './node.ts';
import { ActionRequired, AmountOutOfRange, CapExceeded, CurrencyMismatch, InsufficientFunds, PaymentDeclined, ValidationError } from './user-error.ts';

export {
  connectionType, decodeCursor, encodeCursor, invalidCursor, mostPerPage, PageInfo, pageOf, pageSize,
  type Connection, type Edge, type PageArgs,
} from './connection.ts';
export {
  cached, createContext, createSharedContext, isGuest, isViewer, payerIdOf,
  type ContextParts, type Guest, type OverlayCredential, type RequestContext, type Viewer, type Visitor,
} from './context.ts';
export { describeEnum, Funding, Interval, PaymentProviderCode, PaymentStatus, Period } from './enums.ts';
export { ErrorCode } from './error-code.ts';
export { ApiError, type ApiErrorCode } from './errors.ts';
export type { ApiFace } from './face.ts';
export { hashInput, idempotencyMismatch, isSameInput } from './idempotency.ts';
export { MoneyInput, MoneyType } from './money-type.ts';
export { decodeId, decodeIdOf, encodeId, type DecodedId } from './node-id.ts';
export { loadNode, NodeInterface, nodeTypesService, typeNameOf, withTypeName, type NodeType } from './node.ts';
export { paymentActionOf, PaymentActionType, type PaymentAction, type StoredPaymentAction } from './payment-action.ts';
export { BEGINNING, dayOf, daysOf, monthOf, type PeriodDays } from './period-days.ts';
export { Allow, enforce, InsiderDependent, ViewerDependent, type Rule, type Verdict } from './rule.ts';
export { BigIntScalar, CurrencyCodeScalar, DateTimeScalar, DecimalScalar } from './scalars.ts';
export { quoteText } from './quote-text.ts';
export { hasVisibleText, idempotencyKeyProblem, textProblem, type TextRules } from './text.ts';
export {
  ActionRequired, amountProblem, AmountOutOfRange, CapExceeded, CurrencyMismatch, InsufficientFunds, parseMoneyInput, PaymentDeclined, UserError, ValidationError,
  type AmountRange, type ErrorPath, type ParsedMoney,
} from './user-error.ts';

export const apiRoom: ApiFace = {
  name: 'api',
  resolvers: [MoneyResolver, NodeResolver],
  orphanedTypes: [ValidationError, ActionRequired, AmountOutOfRange, CapExceeded, CurrencyMismatch, InsufficientFunds, PaymentDeclined],
};
