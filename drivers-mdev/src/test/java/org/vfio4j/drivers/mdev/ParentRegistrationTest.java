// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.drivers.mdev;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vfio4j.host.embedded.machine.MdevSpec;
import org.vfio4j.host.embedded.mdev.SampleBus;
import org.vfio4j.spi.host.BusDevice;
import org.vfio4j.spi.mdev.MdevType;
import org.vfio4j.spi.model.SharedRegisters;
import org.vfio4j.testing.Spec;
import org.vfio4j.testing.fixture.SimulatedVfioDevice;
import org.vfio4j.uapi.Errno;
import org.vfio4j.uapi.VfioException;

/** Parents as the driver takes them in, and what it does for those that do not keep count themselves. */
class ParentRegistrationTest {
    private static final MdevType SMALL = new MdevType("small", "", FakeParent.DEVICE_API);
    private static final MdevType LARGE = new MdevType("large", "A large one", FakeParent.DEVICE_API);

    private final FakeCore core = new FakeCore();
    private final VfioMdevDriver driver = core.driver;
    private final FakeParent parent = new FakeParent("board", SMALL, LARGE);

    @BeforeEach
    void attach() {
        driver.attachBus(
                new SampleBus(new MdevSpec(List.of(), List.of()), Runnable::run, ParentRegistrationTest::noDisplays));
    }

    private static SharedRegisters noDisplays(SharedRegisters.Layout layout) {
        throw new UnsupportedOperationException("there are no displays in these tests, not even of " + layout.length());
    }

    private static void assertRefused(Errno errno, Runnable action) {
        assertThatExceptionOfType(VfioException.class)
                .isThrownBy(action::run)
                .satisfies(e -> assertThat(e.errno()).isEqualTo(errno));
    }

    private static String uuid(int number) {
        return new UUID(0x83b8f4f2509f382fL, number).toString();
    }

    private List<Integer> available() {
        return driver.types().stream().map(view -> view.available()).toList();
    }

    private SimulatedVfioDevice registered(BusDevice device) {
        var found = core.registered().get(device);
        if (found == null) {
            throw new AssertionError(device.name() + " is not registered");
        }
        return found;
    }

    @Spec("M-001")
    @Test
    void shouldRefuseAParentWithoutDeviceApi() {
        var without = new FakeParent("nameless", SMALL, new MdevType("other", "", ""));
        assertRefused(Errno.EINVAL, () -> driver.register(without));
        assertThat(driver.parents()).isEmpty();
        assertThat(without.changes).as("change events").isEmpty();
        assertRefused(Errno.ENOENT, () -> driver.create("nameless", "small", uuid(1)));
    }

    @Test
    void shouldRefuseTwoTypesOfOneName() {
        var twice = new FakeParent("twice", SMALL, new MdevType("small", "again", FakeParent.DEVICE_API));
        assertRefused(Errno.EEXIST, () -> driver.register(twice));
        assertThat(driver.parents()).isEmpty();
    }

    /** The directory and the class link, which follow from what is registered, are the core's to show. */
    @Spec("M-002")
    @Test
    void shouldAnnounceWhatItTakesInAndLetsGo() {
        driver.register(parent);
        assertThat(driver.parents()).containsExactly(parent);
        assertThat(driver.types()).hasSize(2);
        assertThat(parent.changes).containsExactly("MDEV_STATE=registered");
        driver.close();
        assertThat(driver.parents()).isEmpty();
        assertThat(driver.types()).isEmpty();
        assertThat(parent.changes).containsExactly("MDEV_STATE=registered", "MDEV_STATE=unregistered");
    }

    @Spec("M-012")
    @Test
    void shouldCountInstancesOfAllTypesOfAParentThatDoesNot() {
        parent.maxInstances = OptionalInt.of(4);
        driver.register(parent);
        assertThat(available()).containsExactly(4, 4);
        for (int i = 0; i < 4; i++) {
            driver.create("board", i % 2 == 0 ? "small" : "large", uuid(i));
        }
        assertThat(available()).containsExactly(0, 0);
        assertRefused(Errno.EUSERS, () -> driver.create("board", "small", uuid(4)));
        assertRefused(Errno.EEXIST, () -> driver.create("board", "small", uuid(3)));
        driver.remove(uuid(0));
        assertThat(available()).containsExactly(1, 1);
        driver.create("board", "large", uuid(4));
    }

    @Test
    void shouldGiveAnInstanceBackWhenCreationFails() {
        parent.maxInstances = OptionalInt.of(1);
        driver.register(parent);
        core.failure = new VfioException(Errno.ENOMEM, "no memory");
        assertRefused(Errno.ENOMEM, () -> driver.create("board", "small", uuid(1)));
        core.failure = null;
        assertThat(available()).containsExactly(1, 1);
        driver.create("board", "small", uuid(1));
    }

    @Spec("M-014")
    @Test
    void shouldMakeNothingOfAParentWithoutInstances() {
        parent.maxInstances = OptionalInt.of(0);
        driver.register(parent);
        assertThat(available()).containsExactly(0, 0);
        assertRefused(Errno.EUSERS, () -> driver.create("board", "small", uuid(1)));
        assertThat(core.allocated()).isEmpty();
    }

    @Test
    void shouldNeitherCountNorLimitForAParentThatDoes() {
        driver.register(parent);
        for (int i = 0; i < 5; i++) {
            driver.create("board", "small", uuid(i));
        }
        assertThat(available()).containsExactly(77, 77);
    }

    @Spec("M-031")
    @Test
    void shouldMakeEachDeviceASetOfItsOwn() {
        driver.register(parent);
        var one = registered(driver.create("board", "small", uuid(1)));
        var other = registered(driver.create("board", "small", uuid(2)));
        assertThat(one.setKey()).isNull();
        assertThat(other.setKey()).isNull();
        assertThat(one.deviceSet().key()).isNotSameAs(other.deviceSet().key());
    }

    @Spec("M-032")
    @Test
    void shouldPutDevicesIntoTheSetTheirModelNames() {
        parent.setKey = new Object();
        driver.register(parent);
        for (int i = 0; i < 2; i++) {
            var device = registered(driver.create("board", "small", uuid(i)));
            assertThat(device.setKey()).isSameAs(parent.setKey);
        }
    }
}
