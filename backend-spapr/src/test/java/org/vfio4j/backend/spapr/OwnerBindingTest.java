// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.backend.spapr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vfio4j.backend.spapr.Rig.PAGE_64K;
import static org.vfio4j.backend.spapr.Rig.assertRefused;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.vfio4j.testing.Spec;
import org.vfio4j.uapi.Errno;

/** To which process a container belongs. */
class OwnerBindingTest {
    private final Rig rig = Rig.v2();
    private final TestGroup group = rig.attach();
    private final TestCaller other = new TestCaller(rig.physical);
    private final RawCall own = rig.raw();
    private final RawCall foreign = new RawCall(rig.container, other);

    @Test
    @Spec("S-023")
    void shouldRefuseEveryCallOfAnotherProcess() {
        rig.register(PAGE_64K);
        MemorySegment memory = other.memory(PAGE_64K);
        for (int command = RawCall.GET_INFO; command <= 0x3b7f; command++) {
            int number = command;
            assertRefused(Errno.EPERM, () -> foreign.callWithBadPointer(number));
        }
        assertRefused(Errno.EPERM, () -> rig.container.mapDma(other, Rig.RW, memory.address(), 0, PAGE_64K));
        assertRefused(Errno.EPERM, () -> rig.container.unmapDma(other, 0, 0, PAGE_64K));
        assertRefused(Errno.EPERM, () -> rig.container.registerMemory(other, memory.address(), PAGE_64K));
        assertRefused(Errno.EPERM, () -> rig.container.info(other));
        assertThat(rig.container.checkExtension(7)).isEqualTo(1);
    }

    @Test
    @Spec("S-024")
    void shouldBelongToTheFirstThatRegisters() {
        MemorySegment memory = other.memory(PAGE_64K);
        assertThat(foreign.register(24, 0, memory.address(), PAGE_64K)).isZero();
        assertRefused(Errno.EPERM, () -> own.ints(0, 32).call(RawCall.GET_INFO));
        assertRefused(Errno.EPERM, () -> rig.register(PAGE_64K));
        assertThat(foreign.ints(0, 32).call(RawCall.GET_INFO)).isZero();
    }

    @Test
    @Spec("S-025")
    void shouldBelongToWhoeverTriedToMakeAWindow() {
        assertRefused(Errno.EINVAL, () -> foreign.create(39, 0, 16, Rig.GIB, 1));
        assertRefused(Errno.EPERM, () -> own.ints(0, 32).call(RawCall.GET_INFO));
    }

    @Test
    @Spec("S-026")
    void shouldBelongToNobodyAtFirst() {
        assertRefused(Errno.EPERM, () -> own.callWithBadPointer(RawCall.UNREGISTER));
        assertThat(foreign.ints(0, 32).call(RawCall.GET_INFO)).isZero();
        assertThat(own.ints(0, 32).call(RawCall.GET_INFO)).isZero();
    }

    @Test
    void shouldBelongToWhoeverWasRefusedTheChargeOfEnable() {
        Rig v1 = Rig.v1();
        v1.attach();
        v1.caller.memlockLimit = 0;
        assertRefused(Errno.ENOMEM, () -> v1.container.enable(v1.caller));
        assertRefused(Errno.EPERM, () -> v1.container.info(new TestCaller(v1.physical)));
    }

    @Test
    void shouldBelongToNobodyAfterRelease() {
        rig.register(PAGE_64K);
        rig.close(group);
        rig.attach(rig.group());
        assertThat(foreign.ints(0, 32).call(RawCall.GET_INFO)).isZero();
    }
}
