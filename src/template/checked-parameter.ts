import { Failure } from '../shell/failure';
import { type Parameter, readTemplate } from './read';

/**
 * Checks an option's value against the constraints of a template parameter, before anything starts.
 *
 * @param option `--bucket`
 * @param parameter name of the parameter that gets the value, `BucketName`
 * @returns the value
 * @throws Failure with the option, its value and the constraint
 */
export function checked(option: string, parameter: string, value: string): string {
  if (!isAllowed(parameter, value)) {
    throw new Failure(`${option} is "${value}".`, `It ${parameterOf(parameter).ConstraintDescription}.`);
  }
  return value;
}

/** Returns whether the template accepts a value for a parameter. */
export function isAllowed(parameter: string, value: string): boolean {
  const { AllowedPattern = '', AllowedValues, MaxLength = Infinity } = parameterOf(parameter);
  const allowed = AllowedValues ? AllowedValues.includes(value) : new RegExp(`^(?:${AllowedPattern})$`).test(value);
  return allowed && value.length <= MaxLength;
}

/** Returns a parameter of the template. */
export function parameterOf(name: string): Parameter {
  const parameter = readTemplate().Parameters[name];
  if (!parameter) {
    throw new Error(`The template has no parameter ${name}.`);
  }
  return parameter;
}
