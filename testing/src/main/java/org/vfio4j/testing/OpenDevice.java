// SPDX-License-Identifier: Apache-2.0
package org.vfio4j.testing;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.vfio4j.OpenPath;

/** A parameter of type {@link org.vfio4j.Device} that is an open device of the test's {@link EmbeddedMachine}. */
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.PARAMETER)
public @interface OpenDevice {
    /** Name of the device. */
    String value();

    /** How it is opened. */
    OpenPath path() default OpenPath.CDEV;

    /** Container type for {@link OpenPath#GROUP}; 0 for the best that works. */
    int containerType() default 0;
}
