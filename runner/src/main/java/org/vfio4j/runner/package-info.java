// SPDX-License-Identifier: Apache-2.0
/**
 * Runs a native program with its VFIO calls answered by a machine of this JVM: {@link org.vfio4j.runner.SeccompRunner}.
 *
 * <p>A thread of its own puts a seccomp filter on itself and starts the program, which inherits it. Calls that the filter notifies
 * arrive in {@code notify}, are decided in {@code call}, on the files of {@code file}, for the callers of {@code process}. Where
 * that is allowed {@code mount} shows the program a {@code /sys} and a {@code /dev} of its own, which {@code fuse} serves.
 */
package org.vfio4j.runner;
