// SPDX-License-Identifier: Apache-2.0
package org.vfio4j;

/**
 * Runs a native program that uses VFIO, unmodified, on a machine of this JVM: what it does with {@code /dev/vfio},
 * {@code /dev/iommu} and VFIO's parts of {@code /sys} reaches the machine instead of the kernel. Found with
 * {@link java.util.ServiceLoader}. Not a sandbox: everything else the program does is done.
 */
public interface ProgramRunner {
    /**
     * Runs a program and waits for its end. It shares this JVM's standard input, output and error. What it had open, also in
     * processes it started and left behind, is closed.
     *
     * @param vfio the machine, which stays open
     * @param options the program, and what to tell of it
     * @return how it ended
     * @throws org.vfio4j.uapi.VfioException ENOENT no such program, EACCES it cannot be started, ENOSYS or EPERM system calls
     *     cannot be intercepted here; or why {@link SysView#MOUNT} was asked for and is not possible
     * @throws InterruptedException when the thread is interrupted; the program is killed then
     */
    ProgramExit run(Vfio vfio, ProgramOptions options) throws InterruptedException;
}
