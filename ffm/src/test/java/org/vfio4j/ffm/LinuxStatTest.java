// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LinuxStatTest {
    private static final int ENOENT = 2;
    private static final int EBADF = 9;

    @Test
    void shouldTellTheSameFileByDescriptorAndByPath() {
        int fd = LinuxFiles.memfdCreate("stat", LinuxFiles.MFD_CLOEXEC);
        try {
            var byDescriptor = LinuxStat.of(fd);
            assertThat(byDescriptor.regular()).isTrue();
            assertThat(byDescriptor.size()).isZero();
            assertThat(byDescriptor.inode()).isNotZero();
            assertThat(LinuxStat.of("/proc/self/fd/" + fd)).isEqualTo(byDescriptor);
            assertThat(LinuxStat.fileSystem(fd).type()).isEqualTo(LinuxStat.TMPFS);
        } finally {
            LinuxFiles.close(fd);
        }
    }

    @Test
    void shouldTellOtherKindsOfFilesApart() {
        int fd = LinuxFiles.eventfd(0, LinuxFiles.EFD_CLOEXEC);
        try {
            assertThat(LinuxStat.of(fd).regular()).isFalse();
            assertThat(LinuxStat.fileSystem(fd).type()).isNotEqualTo(LinuxStat.TMPFS);
        } finally {
            LinuxFiles.close(fd);
        }
    }

    @Test
    void shouldAnswerTheNegatedErrnoOfARefusal() {
        assertThat(LinuxStat.of("/no/such/file").error()).isEqualTo(-ENOENT);
        assertThat(LinuxStat.of(-1).error()).isEqualTo(-EBADF);
        assertThat(LinuxStat.fileSystem(-1).error()).isEqualTo(-EBADF);
    }
}
