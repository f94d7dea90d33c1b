// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Gives every test of the class a freshly booted embedded machine of its own: a parameter of type
 * {@link org.vfio4j.Vfio}, and opened devices as parameters marked {@link OpenDevice}. After the test everything is closed,
 * and the test fails if memory was still pinned for devices then.
 *
 * <pre>{@code
 * @EmbeddedMachine
 * class MyDriverTest {
 *     @Test
 *     void shouldAnswer(@OpenDevice("0000:00:05.0") Device edu) { ... }
 * }
 * }</pre>
 */
@Documented
@Inherited
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.TYPE, ElementType.METHOD})
@ExtendWith(EmbeddedMachineExtension.class)
public @interface EmbeddedMachine {
    /** Machine description: a resource of the test class, or a path; empty for the default machine. */
    String machine() default "";

    /** Tunables as {@code module.name=value}. */
    String[] settings() default {};
}
