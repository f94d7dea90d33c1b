// SPDX-License-Identifier: Apache-2.0
import org.jspecify.annotations.NullMarked;

/**
 * A door for native programs: they run unmodified, and the system calls they make on VFIO's files are answered by a machine of
 * this JVM. Linux on x86-64 only; no kernel module, no C.
 *
 * @provides org.vfio4j.ProgramRunner by intercepting system calls with seccomp
 */
@NullMarked
module org.vfio4j.runner {
    requires org.vfio4j.api;
    requires org.vfio4j.ffm;
    requires org.slf4j;
    requires jdk.unsupported;
    requires static org.jspecify;

    provides org.vfio4j.ProgramRunner with
            org.vfio4j.runner.SeccompRunner;
}
