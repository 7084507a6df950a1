/**
 * The Events of the webhook, on the controller of a pod, as the pod does not exist yet. The reasons are public: users search
 * for them and alert on them. docs/events.md is generated from this table.
 */
export const EVENT_REASONS = {
  Injected: {
    type: 'Normal',
    action: 'Inject',
    meaning: 'A new pod got the sidecar.',
  },
  InjectionSkipped: {
    type: 'Warning',
    action: 'Inject',
    meaning: 'A new pod that asked for the sidecar did not get it; the note says why.',
  },
  InjectionDenied: {
    type: 'Warning',
    action: 'Inject',
    meaning:
      'A pod was refused, because the sidecar cannot be injected as it asks for it; the note names the annotation, and the Event of its controller (FailedCreate) says more. Or a LimitRange refuses it for what the sidecar requests.',
  },
  InjectionMissed: {
    type: 'Warning',
    action: 'Inspect',
    meaning:
      'A running pod asks for the sidecar and does not have it: it was created before it asked, or while the webhook was down. Recreate it.',
  },
  CertificateSecretMissing: {
    type: 'Warning',
    action: 'ReconcileCertificate',
    meaning:
      'The Secret of the webhook’s certificates is missing. Replicas keep serving what they have, and one that starts now gets no certificate; `helm upgrade` makes it again. On the Secret.',
  },
} as const;

export type EventReason = keyof typeof EVENT_REASONS;
