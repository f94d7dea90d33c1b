// SPDX-License-Identifier: Apache-2.0
/**
 * A FUSE server without libfuse: the kernel's requests on {@code /dev/fuse} are answered from a {@link
 * org.vfio4j.runner.fuse.NodeSource}. Nothing is remembered by the kernel that could change: each path component is asked for anew.
 *
 * <p>Threads of this process must never touch what is mounted: whoever waits for an answer there cannot give it.
 */
package org.vfio4j.runner.fuse;
