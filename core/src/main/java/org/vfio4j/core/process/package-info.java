// SPDX-License-Identifier: Apache-2.0
/**
 * Callers of raw calls that live in this JVM: a {@link org.vfio4j.core.process.LocalProcess} has memory, descriptors and
 * credentials as a native program has, and opens paths of a {@link org.vfio4j.core.process.PathTree}. Descriptors lead to
 * open file descriptions, which live until the last descriptor, mapping and running call has gone. Spec: core §2.1.
 */
package org.vfio4j.core.process;
