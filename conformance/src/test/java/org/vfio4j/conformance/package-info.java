// SPDX-License-Identifier: Apache-2.0
/**
 * The uAPI conformance suite. Its tests speak only to {@link org.vfio4j.conformance.UapiSystem}, as native programs do to a kernel,
 * so that any implementation of it can be held against the specification's checklists.
 */
package org.vfio4j.conformance;
