// SPDX-License-Identifier: Apache-2.0
/**
 * The uAPI codec of container, group and device files: it decodes pointers, sizes and flags, calls the typed operations of
 * {@code org.vfio4j.core.vfio}, and encodes what they answer. The order of its checks is the kernel's, since callers can see
 * it. Specification: core §2.1 to §6, §10 and §11.
 */
package org.vfio4j.core.codec;
