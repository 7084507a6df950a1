import type { PodDetails } from './pod-details.ts';

/** The kubelet’s reasons for an image that it does not have. */
const NO_IMAGE =
  /^(ErrImagePull|ImagePullBackOff|InvalidImageName|ErrImageNeverPull|SignatureValidationFailed)$/;

/** An image that a pod waits for in vain. */
export interface Unpulled {
  readonly container: string;
  readonly image: string;
  readonly reason: string;
  /** In the words of the registry, as far as the kubelet passes them on. */
  readonly cause: string;
}

/** Of one container, or of the first that has none. */
export function unpulledOf({ spec, status }: PodDetails, container?: string): Unpulled | undefined {
  const states = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const stuck = states.find(
    ({ name, state }) =>
      (container === undefined || name === container) && NO_IMAGE.test(state?.waiting?.reason ?? ''),
  );
  if (stuck === undefined) return undefined;
  const containers: readonly { readonly name: string; readonly image?: string }[] = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
  ];
  const image = containers.find(({ name }) => name === stuck.name)?.image ?? '?';
  const { reason = '', message = '' } = stuck.state?.waiting ?? {};
  return { container: stuck.name, image, reason, cause: causeIn(message, image) };
}

/** `ImagePullBackOff: not found`. */
export function whyUnpulled({ reason, cause }: Unpulled): string {
  return [reason, cause].filter(Boolean).join(': ');
}

/** Kubelet and container runtime say the image's name again for each step of the way, and why it failed behind the last one. */
function causeIn(message: string, image: string): string {
  const at = message.lastIndexOf(image);
  return at === -1 ? message : message.slice(at + image.length).replace(/^"?(: )?/, '');
}
