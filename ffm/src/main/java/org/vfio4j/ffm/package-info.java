// SPDX-License-Identifier: Apache-2.0
/**
 * Linux system calls for the rest of vfio4j, one class for each family of them, all through one funnel that owns the
 * {@link java.lang.foreign.Linker}. A call answers as the kernel does: zero or a positive result, or the negated errno. Nothing
 * here throws for what the kernel refuses, allocates per call, or knows what a descriptor is used for.
 */
package org.vfio4j.ffm;
